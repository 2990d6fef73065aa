/**
 * When what is listed has to stand still: while somebody points at it, and while the screen says
 * so for a reason of its own. Rows never move under the pointer.
 */
import { computed, onScopeDispose, ref, type ComputedRef } from 'vue'

/** A finger has left before its click comes: until then the row must be where it was. */
const CLICK_MS = 500

export interface Hold {
  readonly isHeld: ComputedRef<boolean>
  /** For `v-on` of the element that holds the rows. */
  readonly pointer: {
    readonly pointerenter: () => void
    readonly pointerleave: (event: PointerEvent) => void
  }
}

export function useHold(also: () => boolean): Hold {
  const isPointed = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined

  function pointerenter(): void {
    clearTimeout(timer)
    isPointed.value = true
  }

  function pointerleave(event: PointerEvent): void {
    clearTimeout(timer)
    if (event.pointerType === 'mouse') isPointed.value = false
    else timer = setTimeout(() => (isPointed.value = false), CLICK_MS)
  }

  onScopeDispose(() => clearTimeout(timer))
  return { isHeld: computed(() => isPointed.value || also()), pointer: { pointerenter, pointerleave } }
}
