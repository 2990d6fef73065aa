import { expect, it } from 'vitest'

import { thin, type Frame } from '@/charts/frame'
import { dataOf, labelsOf, options, type Look } from '@/charts/plot'

const STEP = 10_000

function look(names: string[], stacks = false): Look {
  const strokes = names.map((name) => ({ name, label: name, colour: '--muted' }))
  return { strokes, stacks, unit: 'count', span: 6 * STEP, cursor: 'charts', utc: () => true, drawn: () => ({ times: [], lines: [] }), hovered: () => undefined }
}

function frame(...lines: (number | null)[][]): Frame {
  return { times: lines[0]!.map((_, index) => index * STEP), lines: lines.map((values, n) => ({ name: `${n}`, unit: 'count', values })) }
}

it('calls lines by their labels, whatever they are named', () => {
  const strokes = [{ name: 'wait_p50', label: 'half', colour: '--muted' }]
  expect(labelsOf(strokes)).toEqual({ wait_p50: 'half' })
})

it('draws lines with their gaps, in seconds', () => {
  expect(dataOf(look(['0', '1']), thin(frame([1, null, 3], [4, 5, 6]), 100))).toEqual([
    [0, 10, 20],
    [1, null, 3],
    [4, 5, 6],
  ])
})

it('draws a line alone between its lowest and highest', () => {
  expect(dataOf(look(['0']), thin(frame([1, 3, 5, 9]), 2)).slice(1)).toEqual([
    [2, 7],
    [1, 5],
    [3, 9],
  ])
})

it('puts areas on those below, and none on a gap', () => {
  expect(dataOf(look(['0', '1'], true), thin(frame([1, 2, null], [3, null, 5]), 100)).slice(1)).toEqual([
    [1, 2, null],
    [4, null, null],
  ])
})

it.each([
  ['a line alone', look(['0']), 3],
  ['two lines', look(['0', '1']), 2],
  ['areas', look(['0', '1'], true), 2],
])('has a series for each row of numbers of %s', (_, kind, rows) => {
  const data = dataOf(kind, thin(frame(...kind.strokes.map(() => [1])), 100))
  expect([data.length, options(kind, 400, 168).series.length]).toEqual([rows + 1, rows + 1])
})

it('always shows the whole range, up to the newest value', () => {
  const range = options(look(['0']), 400, 168).scales!.x!.range as unknown as (self: null, from: number, to: number) => number[]
  expect(range(null, 60, 70)).toEqual([10, 70])
  expect(range(null, 60, 80)).toEqual([20, 80])
})
