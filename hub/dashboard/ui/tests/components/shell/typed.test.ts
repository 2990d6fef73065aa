import { beforeEach, describe, expect, it, vi } from 'vitest'

import { typedUntil } from '@/components/shell/typed'

const page = vi.fn()
function press(key: string, more: KeyboardEventInit = {}) {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more })
  // happy-dom takes Alt for AltGraph.
  event.getModifierState = (name) => name === 'AltGraph' && more.modifierAltGraph === true
  document.body.dispatchEvent(event)
}

function soon() {
  let come = () => {}
  const there = new Promise<void>((resolve) => (come = resolve))
  return { there, come }
}

beforeEach(() => {
  page.mockReset()
  document.body.onkeydown = page
})

describe('what is typed before the field is there', () => {
  it('is kept for it, and is no shortcut of the page', async () => {
    const { there, come } = soon()
    const typed = typedUntil(there)
    for (const key of ['g', 'g', 'Backspace', ' ', 'ü', '🐑', 'Enter']) press(key)
    come()
    expect(await typed).toBe('g ü🐑')
    expect(page).not.toHaveBeenCalled()
  })

  it('leaves to the browser what is its own, but for signs that need two keys more', async () => {
    const { there, come } = soon()
    const typed = typedUntil(there)
    press('Tab')
    press('r', { ctrlKey: true })
    press('d', { altKey: true })
    press('か', { isComposing: true })
    expect(page).toHaveBeenCalledTimes(4)
    press('@', { ctrlKey: true, altKey: true, modifierAltGraph: true })
    come()
    expect(await typed).toBe('@')
    expect(page).toHaveBeenCalledTimes(4)
  })

  it.each([
    ['presses Escape', () => press('Escape')],
    ['goes to another field', () => document.body.dispatchEvent(new FocusEvent('focusin', { bubbles: true }))],
    ['takes the mouse', () => document.body.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true }))],
    ['has waited long', () => vi.advanceTimersByTime(10_000)],
  ])('is meant for nothing any more when somebody %s', async (_how, leave) => {
    vi.useFakeTimers()
    const typed = typedUntil(soon().there)
    press('g')
    leave()
    press('t')
    expect(await typed).toBeNull()
    expect(page.mock.calls.map(([event]) => event.key)).toEqual(['t'])
    vi.useRealTimers()
  })

  it.each(['comes', 'never comes'])('ends when it %s', async (end) => {
    const typed = typedUntil(end === 'comes' ? Promise.resolve() : Promise.reject(new Error('away')))
    await typed.catch(() => undefined)
    press('g')
    expect(page).toHaveBeenCalledOnce()
  })
})
