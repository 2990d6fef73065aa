import { expect, it } from 'vitest'

import type { MetricsPage, Step } from '@/api/types'
import { appendStep } from '@/charts/appendStep'

const STEP = 10_000
const page: MetricsPage = {
  step_ms: STEP,
  since: 5 * STEP,
  at: 6 * STEP + 300,
  series: [
    { name: 'running', unit: 'count', values: [1, 2] },
    { name: 'wait_p50', unit: 'ms', values: [null, 7] },
  ],
}
const told = (step: number): Step => ({ type: 'step', at: step * STEP, values: { running: 3, queued_low: 9 } })

it('puts the values of the next step at the end, and a gap for what was not known', () => {
  const made = appendStep(page, told(7), 30)!
  expect(made.series.map((line) => line.values)).toEqual([[1, 2, 3], [null, 7, null]])
  expect([made.since, made.at]).toEqual([5 * STEP, 7 * STEP])
  expect(page.series[0]!.values).toEqual([1, 2])
})

it('lets the oldest go that is beyond the range', () => {
  const made = appendStep(page, told(7), 2)!
  expect(made.series.map((line) => line.values)).toEqual([[2, 3], [7, null]])
  expect(made.since).toBe(6 * STEP)
})

it('takes no step twice', () => {
  expect(appendStep(page, told(6), 30)).toBe(page)
})

it.each([8, 5, 4])('goes on by none but the next step, and not by step %i', (step) => {
  expect(appendStep(page, told(step), 30)).toBeNull()
})

it('does not begin by itself', () => {
  const empty = { ...page, series: page.series.map((line) => ({ ...line, values: [] })) }
  for (const step of [4, 5, 6]) expect(appendStep(empty, told(step), 30)).toBeNull()
})
