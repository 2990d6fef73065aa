import { expect, it } from 'vitest'

import { lookOf, SHAPES } from '@/components/status'

const TASKS = ['scheduled', 'queued', 'assigned', 'running', 'completed', 'dead_letter', 'cancelled']
const AGENTS = ['idle', 'working', 'paused', 'draining', 'drained', 'stale', 'offline']

it.each([TASKS, AGENTS].map((statuses) => [statuses]))('tells statuses apart without colour', (statuses) => {
  const looks = statuses.map(lookOf)
  expect(new Set(looks.map((look) => look.shape)).size).toBe(statuses.length)
  expect(new Set(looks.map((look) => look.word)).size).toBe(statuses.length)
  for (const look of looks) expect(SHAPES[look.shape]).toBeTruthy()
})

it('keeps the word of a status it does not know', () => {
  expect(lookOf('some_day')).toMatchObject({ word: 'some day' })
})
