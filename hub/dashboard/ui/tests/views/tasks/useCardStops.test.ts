import { beforeEach, expect, it } from 'vitest'

import { useCardStops, walk } from '@/views/tasks/useCardStops'

const ROWS = [{ id: 'a' }, { id: 'b' }]

it('makes the first card the stop, until another one had the keyboard', () => {
  const { stopOf, stay } = useCardStops()
  expect(stopOf('queued', ROWS)).toBe('a')
  stay('queued', 'b')
  expect(stopOf('queued', ROWS)).toBe('b')
  expect(stopOf('running', ROWS)).toBe('a')
})

it('falls back to the first card when the stop has left the column', () => {
  const { stopOf, stay } = useCardStops()
  stay('queued', 'gone')
  expect(stopOf('queued', ROWS)).toBe('a')
  expect(stopOf('queued', [])).toBeUndefined()
})

const column = document.createElement('ol')
beforeEach(() => {
  column.innerHTML = ['one', 'two', 'three'].map((name) => `<li class="board-card"><button>${name}</button></li>`).join('')
  document.body.replaceChildren(column)
  column.addEventListener('keydown', walk)
  column.querySelector('button')?.focus()
})

function press(key: string, more: KeyboardEventInit = {}): string {
  document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, ...more }))
  return document.activeElement?.textContent ?? ''
}

it('goes from card to card by arrows, Home and End, and no further', () => {
  expect([press('ArrowDown'), press('ArrowUp'), press('ArrowUp')]).toEqual(['two', 'one', 'one'])
  expect([press('End'), press('ArrowDown'), press('Home')]).toEqual(['three', 'three', 'one'])
})

it('leaves other keys and modifiers alone', () => {
  expect([press('x'), press('ArrowDown', { ctrlKey: true })]).toEqual(['one', 'one'])
})
