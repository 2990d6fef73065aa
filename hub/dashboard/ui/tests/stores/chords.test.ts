import { expect, it } from 'vitest'

import { CHORD_MS, Chords } from '@/stores/chords'

const bindings = { has: (keys: string) => ['g t', 't'].includes(keys), begins: (key: string) => key === 'g' }

it('forgets the first key of a chord after a while', () => {
  const chords = new Chords()
  expect(chords.press('g', 0, bindings)).toBe('begun')
  expect(chords.press('t', CHORD_MS, bindings)).toBe('g t')
  chords.press('g', 5_000, bindings)
  expect(chords.press('t', 5_001 + CHORD_MS, bindings)).toBe('t')
})

it('does not take a broken chord for its second key', () => {
  const chords = new Chords()
  chords.press('g', 0, bindings)
  expect(chords.press('z', 1, bindings)).toBeNull()
  expect(chords.press('t', 2, bindings)).toBe('t')
})
