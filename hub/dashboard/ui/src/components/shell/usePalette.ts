/** The command palette, which is loaded when it is first asked for. */
import { ref, shallowRef, type Component } from 'vue'

import { typedUntil } from './typed'

export function usePalette() {
  const palette = shallowRef<Component>()
  const isOpen = ref(false)
  /** What was typed before it was there. */
  const begun = ref('')
  let isComing = false

  async function load(): Promise<void> {
    // Where the hub serves another build by now nothing comes, and the page says so.
    const loaded = (await import('./CommandPalette.vue')) as { default: Component } | undefined
    palette.value = loaded?.default
  }

  async function open(): Promise<void> {
    if (isComing || isOpen.value) return
    isComing = true
    try {
      begun.value = palette.value === undefined ? await typedUntil(load()) : ''
      isOpen.value = palette.value !== undefined
    } finally {
      isComing = false
    }
  }
  return { palette, isOpen, begun, open }
}
