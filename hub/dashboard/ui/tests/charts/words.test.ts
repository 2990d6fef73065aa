import { expect, it } from 'vitest'

import { toCsv } from '@/charts/csv'
import { OVERVIEW, ALL, seriesOf } from '@/charts/panels'
import { sparkPath } from '@/charts/spark'
import { faint } from '@/components/theme'
import { inWords, sentence } from '@/charts/words'

it.each([
  [0, 'per_s', '0/s'],
  [12.345, 'per_s', '12.3/s'],
  [1234.5, 'per_s', '1,235/s'],
  [0, 'ms', '< 1 ms'],
  [3.4, 'ms', '3.4 ms'],
  [820, 'ms', '820 ms'],
  [1_234, 'ms', '1.23 s'],
  [90_000, 'ms', '1.5 min'],
  [0.834, 'ratio', '83.4%'],
  [41_203, 'count', '41,203'],
  [2.6, 'count', '3'],
  [1_200_000, 'count', '1.2M'],
  [null, 'ms', '–'],
])('says %s %s as %s', (value, unit, words) => {
  expect(inWords(value, unit)).toBe(words)
})

const FRAME = {
  times: [0, 10_000],
  lines: [
    { name: 'wait_p50', unit: 'ms', values: [4, 12] },
    { name: 'wait_p99', unit: 'ms', values: [null, null] },
  ],
}

it('says in a sentence what a chart shows', () => {
  expect(sentence('Wait', '15 minutes', FRAME, { wait_p50: 'p50' })).toBe(
    'Wait, last 15 minutes: p50 12 ms, between 4 ms and 12 ms; wait_p99 has no values.',
  )
  expect(sentence('Wait', 'hour', { times: [], lines: [] }, {})).toBe('Wait, last hour: nothing is known yet.')
})

it('writes numbers that spreadsheets read; gaps stay empty', () => {
  expect(toCsv(FRAME, { wait_p50: 'p50', wait_p99: 'p99' })).toBe(
    'time,p50,p99\r\n1970-01-01T00:00:00.000Z,4,\r\n1970-01-01T00:00:10.000Z,12,\r\n',
  )
})

it('never lets a spreadsheet run a name', () => {
  const [head] = toCsv({ times: [], lines: FRAME.lines }, { wait_p50: '=1+2', wait_p99: 'a,"b"' }).split('\r\n')
  expect(head).toBe(`time,'=1+2,"a,""b"""`)
})

it('draws a sparkline, and lifts the pen at gaps', () => {
  expect(sparkPath([0, 10, null, 5, 10], 40, 12)).toBe('M0 11L10 1M30 6L40 1')
  expect(sparkPath([1], 40, 12)).toBe('')
  expect(sparkPath([0, 0], 40, 12)).toBe('M0 11L40 11')
})

it('makes colours fainter, and leaves alone what it does not know', () => {
  expect(faint('#2f8fff', 0.5)).toBe('#2f8fff80')
  expect(faint('CanvasText', 0.5)).toBe('CanvasText')
})

it('asks for each series once', () => {
  for (const panels of [OVERVIEW, ALL]) {
    const names = seriesOf(panels)
    expect(new Set(names).size).toBe(names.length)
  }
})
