/** Short words about what just happened. */
import { defineStore } from 'pinia'
import { ref } from 'vue'

export type ToastKind = 'info' | 'done' | 'warn' | 'error'

export interface ToastText {
  title: string
  text?: string
  kind?: ToastKind
  action?: { label: string; run: () => void }
}

export interface Toast extends ToastText {
  id: number
  kind: ToastKind
}

/** More would cover the page. */
const MOST = 4

export const useToasts = defineStore('toasts', () => {
  const toasts = ref<Toast[]>([])
  let last = 0

  function say(text: ToastText): number {
    const toast: Toast = { kind: 'info', ...text, id: ++last }
    toasts.value = [...toasts.value, toast].slice(-MOST)
    return toast.id
  }

  function dismiss(id: number): void {
    toasts.value = toasts.value.filter((toast) => toast.id !== id)
  }

  return { toasts, say, dismiss }
})
