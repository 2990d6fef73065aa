import { describe, expect, it } from 'vitest'

import { marks, spread, timeMarks } from '@/charts/scale'

describe('marks', () => {
  it.each([
    [97, 4, 'per_s', [0, 25, 50, 75, 100]],
    [0.34, 3, 'per_s', [0, 0.2, 0.4]],
    [3, 3, 'count', [0, 1, 2, 3]],
    [7, 3, 'count', [0, 5, 10]],
    [0, 3, 'count', [0, 1]],
    [41_203, 4, 'count', [0, 20_000, 40_000, 60_000]],
    [97, 4, 'ms', [0, 25, 50, 75, 100]],
    [2_400, 3, 'ms', [0, 1_000, 2_000, 3_000]],
    [50_000, 3, 'ms', [0, 30_000, 60_000]],
    [200_000, 3, 'ms', [0, 120_000, 240_000]],
    [3_000_000, 3, 'ms', [0, 1_800_000, 3_600_000]],
    [9_000_000, 3, 'ms', [0, 3_600_000, 7_200_000, 10_800_000]],
    [90_000_000, 3, 'ms', [0, 36_000_000, 72_000_000, 108_000_000]],
  ])('up to %s, about %s, in %s, are round', (highest, wanted, unit, expected) => {
    expect(marks(highest, wanted, unit)).toEqual(expected)
  })

  it.each([Number.NaN, Infinity, -5])('stand for something even up to %s', (highest) => {
    expect(marks(highest, 3, 'per_s').at(-1)).toBeGreaterThan(0)
  })

  it.each(['per_s', 'count', 'ms'])('in %s always hold the highest value', (unit) => {
    for (let value = 0.001; value < 1e10; value *= 1.37) {
      const found = marks(value, 4, unit)
      expect(found.at(-1)).toBeGreaterThanOrEqual(value * (1 - 1e-9))
      expect(found.length).toBeLessThanOrEqual(7)
    }
  })
})

it('marks round times, as many as fit', () => {
  const minute = 60_000
  expect(timeMarks(30_000, 5 * minute, 5)).toEqual([1, 2, 3, 4, 5].map((each) => each * minute))
  expect(timeMarks(0, 60 * minute, 4)).toEqual([0, 15, 30, 45, 60].map((each) => each * minute).filter((_, i) => i < 5))
})

describe('labels at the ends of lines', () => {
  it('stand where they belong while there is room', () => {
    expect(spread([10, 40, 80], 14, 0, 100)).toEqual([10, 40, 80])
  })

  it('make room for each other, in the same order, and stay inside', () => {
    expect(spread([50, 50, 50], 14, 0, 100)).toEqual([78, 64, 50])
    expect(spread([98, 99], 14, 0, 100)).toEqual([86, 100])
    expect(spread([-20], 14, 0, 100)).toEqual([0])
  })

  it('are left out, the last first, when there is no room for all', () => {
    expect(spread([1, 2, 3, 4], 14, 0, 20)).toEqual([1, 15, null, null])
  })
})
