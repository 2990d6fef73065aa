import { describe, expect, it } from 'vitest'

import { frameOf, lonely, readRange, since, stacked, thin, withHead, type Frame } from '@/charts/frame'

const STEP = 10_000

function frame(values: (number | null)[], unit = 'per_s', from = 0): Frame {
  return { times: values.map((_, index) => from + index * STEP), lines: [{ name: 'x', unit, values }] }
}

describe('a frame', () => {
  it('has the lines that were asked for, in that order, and leaves out what the hub does not know', () => {
    const page: Parameters<typeof frameOf>[0] = {
      step_ms: STEP,
      since: 1_000,
      series: [
        { name: 'commit_ms', unit: 'ms', values: [1, 2] },
        { name: 'loop_lag_ms', unit: 'ms', values: [3, 4] },
      ],
    }
    const made = frameOf(page, ['loop_lag_ms', 'unknown', 'commit_ms'])
    expect(made.lines.map((line) => line.name)).toEqual(['loop_lag_ms', 'commit_ms'])
    expect(made.times).toEqual([1_000, 11_000])
  })

  it('is cut to what is later than a moment', () => {
    const cut = since(frame([1, 2, 3, 4]), STEP)
    expect(cut.times).toEqual([2 * STEP, 3 * STEP])
    expect(cut.lines[0]?.values).toEqual([3, 4])
    expect(since(frame([1, 2]), 99 * STEP).times).toEqual([])
  })

  it('takes what is known live as its last point, and never one that is not later', () => {
    const made = withHead(frame([1, 2]), STEP + 4_000, { x: 7 })
    expect(made.lines[0]?.values).toEqual([1, 2, 7])
    expect(withHead(frame([1, 2]), STEP, { x: 7 }).times).toEqual([0, STEP])
    expect(withHead(frame([1]), STEP, {}).lines[0]?.values).toEqual([1, null])
    expect(withHead(frame([1]), 99 * STEP, { x: 7 }).lines[0]?.values).toEqual([1, 7])
    expect(withHead(frame([1]), 0, { x: 7 }).lines[0]?.values).toEqual([1])
    expect(withHead(frame([]), STEP, { x: 7 }).lines[0]?.values).toEqual([7])
  })

  it('takes no last point behind steps that are missing', () => {
    expect(withHead(frame([1, 2]), 3 * STEP, { x: 7 }).lines[0]?.values).toEqual([1, 2, 7])
    expect(withHead(frame([1, 2]), 3 * STEP + 1, { x: 7 }).lines[0]?.values).toEqual([1, 2])
  })
})

describe('thinning', () => {
  it('leaves alone what fits', () => {
    const made = thin(frame([1, null, 3]), 10)
    expect(made.lines[0]?.values).toEqual([1, null, 3])
    expect(made.times).toEqual([0, STEP, 2 * STEP])
  })

  it('makes neighbours one: the mean, and between what it was', () => {
    const made = thin(frame([1, 3, 5, 9]), 2)
    expect(made.lines[0]?.values).toEqual([2, 7])
    expect(made.lines[0]?.low).toEqual([1, 5])
    expect(made.lines[0]?.high).toEqual([3, 9])
  })

  it('never hides the worst duration', () => {
    expect(thin(frame([10, 900, 12, 11], 'ms'), 2).lines[0]?.values).toEqual([900, 12])
  })

  it('keeps a gap of one step a gap, but for durations, which are unknown when nothing ended', () => {
    expect(thin(frame([1, null, 3, 3]), 2).lines[0]?.values).toEqual([null, 3])
    expect(thin(frame([1, null, 3, 3], 'ms'), 2).lines[0]?.values).toEqual([1, 3])
    expect(thin(frame([null, null, 3, 3], 'ms'), 2).lines[0]?.values).toEqual([null, 3])
  })

  it('leaves old points where they were when a new one comes', () => {
    const values = [1, 2, 3, 4, 5, 6, 7, 8]
    const before = thin(frame(values.slice(0, 7)), 4)
    const after = thin(frame(values), 4)
    expect(after.lines[0]?.values.slice(0, 3)).toEqual(before.lines[0]?.values.slice(0, 3))
  })

  it('draws an hour on a narrow chart with few points', () => {
    const hour = frame(Array.from({ length: 360 }, (_, index) => index))
    expect(thin(hour, 130).times.length).toBeLessThanOrEqual(131)
  })

  it('knows what to do with nothing', () => {
    expect(thin(frame([]), 10)).toEqual({ times: [], lines: [{ name: 'x', unit: 'per_s', values: [], low: [], high: [] }] })
  })
})

it('stacks lines, and a gap in one is a gap in those above', () => {
  const lines = [
    { name: 'a', unit: 'count', values: [1, 2], low: [], high: [] },
    { name: 'b', unit: 'count', values: [3, null], low: [], high: [] },
    { name: 'c', unit: 'count', values: [5, 6], low: [], high: [] },
  ]
  expect(stacked({ times: [0, 1], lines })).toEqual([[1, 2], [4, null], [9, null]])
})

it('finds points that a line alone would not show', () => {
  expect(lonely([1, null, 2, 3, null, 4])).toEqual([0, 5])
  expect(lonely([])).toEqual([])
})

it('reads a range from the address, and takes the usual one for anything else', () => {
  expect(readRange('1h')).toBe('1h')
  expect(readRange('9y')).toBe('15m')
  expect(readRange(['5m'])).toBe('15m')
})
