import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, ref, type EffectScope } from 'vue'

import { useHold } from '@/components/useHold'

const left = (pointerType: string) => ({ pointerType }) as PointerEvent
let scope: EffectScope

beforeEach(() => {
  vi.useFakeTimers()
  scope = effectScope()
})
afterEach(() => {
  scope.stop()
  vi.useRealTimers()
})

function hold(also: () => boolean = () => false) {
  return scope.run(() => useHold(also))!
}

describe('a list', () => {
  it('stands still while a mouse points at it', () => {
    const { isHeld, pointer } = hold()
    expect(isHeld.value).toBe(false)
    pointer.pointerenter()
    expect(isHeld.value).toBe(true)
    pointer.pointerleave(left('mouse'))
    expect(isHeld.value).toBe(false)
  })

  it('waits for the click of a finger that has left', () => {
    const { isHeld, pointer } = hold()
    pointer.pointerenter()
    pointer.pointerleave(left('touch'))
    expect(isHeld.value).toBe(true)
    vi.runAllTimers()
    expect(isHeld.value).toBe(false)
  })

  it('is not let go by a finger that has come back', () => {
    const { isHeld, pointer } = hold()
    pointer.pointerenter()
    pointer.pointerleave(left('touch'))
    pointer.pointerenter()
    vi.runAllTimers()
    expect(isHeld.value).toBe(true)
  })

  it('stands still for what the screen says', () => {
    const isScrolled = ref(false)
    const { isHeld } = hold(() => isScrolled.value)
    isScrolled.value = true
    expect(isHeld.value).toBe(true)
  })
})
