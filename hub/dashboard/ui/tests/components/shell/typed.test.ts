import { beforeEach, describe, expect, it, vi } from 'vitest'

import { typedUntil } from '@/components/shell/typed'

const page = vi.fn()
function press(key: string, more: KeyboardEventInit = {}) {
  document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more }))
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

  it('leaves to the page what is no letter', async () => {
    const { there, come } = soon()
    const typed = typedUntil(there)
    press('Tab')
    press('Escape')
    press('r', { ctrlKey: true })
    press('か', { isComposing: true })
    come()
    expect(await typed).toBe('')
    expect(page).toHaveBeenCalledTimes(4)
  })

  it.each(['comes', 'never comes'])('ends when it %s', async (end) => {
    const typed = typedUntil(end === 'comes' ? Promise.resolve() : Promise.reject(new Error('away')))
    await typed.catch(() => undefined)
    press('g')
    expect(page).toHaveBeenCalledOnce()
  })
})
