/** The command palette, which is loaded when it is first asked for. */
import { ref, shallowRef, type Component } from 'vue'

import { typedUntil } from './typed'

export function usePalette() {
  const palette = shallowRef<Component>()
  const isOpen = ref(false)
  const isComing = ref(false)
  /** What was typed before it was there. */
  const begun = ref('')

  async function load(): Promise<void> {
    // Where the hub serves another build by now nothing comes, and the page says so.
    const loaded = (await import('./CommandPalette.vue')) as { default: Component } | undefined
    palette.value = loaded?.default
  }

  async function open(): Promise<void> {
    if (isComing.value || isOpen.value) return
    isComing.value = true
    try {
      const typed = palette.value === undefined ? await typedUntil(load()) : ''
      begun.value = typed ?? ''
      isOpen.value = typed !== null && palette.value !== undefined
    } finally {
      isComing.value = false
    }
  }
  return { palette, isOpen, isComing, begun, open }
}
