import { expect, it } from 'vitest'

import { backoff, LEAST_MS, MOST_MS } from '@/live/backoff'

it('begins at half a second and ends at fifteen', () => {
  expect(backoff(0, () => 0)).toBe(LEAST_MS)
  expect(backoff(0, () => 1)).toBe(1_000)
  expect(backoff(40, () => 1)).toBe(MOST_MS)
  expect(backoff(40, () => 0)).toBe(LEAST_MS)
})

it('spreads pages over the whole span', () => {
  const waits = Array.from({ length: 200 }, () => backoff(10))
  expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(MOST_MS / 2)
})
