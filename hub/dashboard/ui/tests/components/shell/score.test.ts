import { expect, it } from 'vitest'

import { score } from '@/components/shell/score'

it('puts the nearest first', () => {
  const titles = ['Use the theme of the system', 'Tasks', 'New task', 'Fleet']
  const best = (typed: string) => [...titles].sort((one, other) => score(typed, other) - score(typed, one))[0]
  expect(best('tas')).toBe('Tasks')
  expect(best('task')).toBe('New task')
  expect(best('task new')).toBe('New task')
  expect(best('fl')).toBe('Fleet')
})

it('wants every word to fit', () => {
  expect(score('fleet zzz', 'Fleet')).toBe(0)
  expect(score('', 'Fleet')).toBeGreaterThan(0)
})

it('finds other words for it, below its title', () => {
  expect(score('submit', 'New task', 'submit create')).toBeGreaterThan(0)
  expect(score('submit', 'New task', 'submit')).toBeLessThan(score('submit', 'Submit'))
})
