import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { boundKeys, listenForKeys, useKeys } from '@/stores/keys'
import { useSettings } from '@/stores/settings'

let stops: (() => void)[] = []
const bind = (map: Record<string, () => void>, scope = 'Test') =>
  stops.push(useKeys(Object.fromEntries(Object.entries(map).map(([keys, run]) => [keys, { label: keys, run }])), scope))
function press(key: string, more: KeyboardEventInit = {}, target: EventTarget = document.body) {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more })
  target.dispatchEvent(event)
  return event
}

beforeEach(() => {
  document.body.innerHTML = ''
  localStorage.clear()
  setActivePinia(createPinia())
  stops = [listenForKeys()]
})
afterEach(() => stops.forEach((stop) => stop()))

describe('keys', () => {
  it('run what is bound to them', () => {
    const run = vi.fn()
    bind({ j: run })
    expect(press('j').defaultPrevented).toBe(true)
    expect(run).toHaveBeenCalledOnce()
  })

  it.each(['ctrlKey', 'metaKey', 'altKey'])('with %s belong to the browser', (modifier) => {
    const run = vi.fn()
    bind({ k: run })
    expect(press('k', { [modifier]: true }).defaultPrevented).toBe(false)
    expect(run).not.toHaveBeenCalled()
  })

  it('are letters while somebody types', () => {
    const run = vi.fn()
    bind({ j: run })
    for (const tag of ['input', 'textarea', 'select']) {
      const field = document.createElement(tag)
      document.body.append(field)
      press('j', {}, field)
    }
    expect(run).not.toHaveBeenCalled()
  })

  it('are silent while a dialog is open', () => {
    const run = vi.fn()
    bind({ j: run })
    document.body.innerHTML = '<dialog open></dialog>'
    press('j')
    expect(run).not.toHaveBeenCalled()
  })

  it('are off when the person wants that', () => {
    const run = vi.fn()
    bind({ j: run })
    useSettings().shortcuts = false
    press('j')
    expect(run).not.toHaveBeenCalled()
  })

  it('make chords', () => {
    const [tasks, theme] = [vi.fn(), vi.fn()]
    bind({ 'g t': tasks, t: theme })
    press('g')
    press('t')
    expect([tasks.mock.calls.length, theme.mock.calls.length]).toEqual([1, 0])
    press('t')
    expect([tasks.mock.calls.length, theme.mock.calls.length]).toEqual([1, 1])
  })

  it('tell Shift+x from x, and take a sign for itself', () => {
    const [one, many, help] = [vi.fn(), vi.fn(), vi.fn()]
    bind({ x: one, 'Shift+x': many, '?': help })
    press('X', { shiftKey: true })
    press('?', { shiftKey: true })
    expect([one.mock.calls.length, many.mock.calls.length, help.mock.calls.length]).toEqual([0, 1, 1])
  })

  it('of the latest layer win, until it goes', () => {
    const [under, over] = [vi.fn(), vi.fn()]
    bind({ '/': under })
    const stop = useKeys({ '/': { label: 'Filter', run: over } })
    press('/')
    stop()
    press('/')
    expect([under.mock.calls.length, over.mock.calls.length]).toEqual([1, 1])
  })

  it('are listed for the help', () => {
    bind({ p: () => undefined }, 'Fleet')
    expect(boundKeys()).toContainEqual({ scope: 'Fleet', keys: [{ keys: 'p', label: 'p' }] })
  })
})
