import { afterEach, expect, it } from 'vitest'

import ChartTable from '@/charts/ChartTable.vue'

import { flaws, show } from '../components/page'

afterEach(() => document.body.replaceChildren())

it('has the numbers of the chart, the newest first, and says what is not known', async () => {
  const frame = {
    times: [0, 10_000],
    lines: [
      { name: 'a', unit: 'ms', values: [4, null] },
      { name: 'b', unit: 'ms', values: [5, 6] },
    ],
  }
  const strokes = [
    { name: 'a', label: 'p50', colour: '--muted' },
    { name: 'b', label: 'p99', colour: '--muted' },
  ]
  const table = show(ChartTable, { title: 'Wait', frame, strokes, unit: 'ms', height: 100 })
  const rows = table.findAll('tbody tr').map((row) => row.findAll('td').map((cell) => cell.text()))
  expect(rows).toEqual([['–', '6 ms'], ['4 ms', '5 ms']])
  expect(table.findAll('thead th').map((head) => head.text())).toEqual(['Time', 'p50', 'p99'])
  expect(await flaws()).toEqual([])
})
