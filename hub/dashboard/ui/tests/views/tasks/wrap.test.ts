import { describe, expect, it } from 'vitest'

import { spansOf } from '@/views/tasks/ansi'
import type { Line } from '@/views/tasks/log'
import { cutsOf, partOf, rowOfLine, visualRows } from '@/views/tasks/wrap'

const line = (text: string): Line => ({ at: 0, text, folded: false, gap: false })

describe('wrapping', () => {
  it('cuts at the width, wide letters counting twice', () => {
    expect(cutsOf('a'.repeat(25), 10)).toEqual([0, 10, 20])
    expect(cutsOf('日'.repeat(7), 10)).toEqual([0, 5])
    expect(cutsOf('short', 10)).toEqual([0])
    expect(cutsOf('', 10)).toEqual([0])
    expect(cutsOf('a'.repeat(500), 0)).toEqual([0])
  })

  it('never cuts a letter of two halves', () => {
    for (const at of cutsOf('😀'.repeat(20), 7)) expect(at % 2).toBe(0)
  })

  it('counts only what is seen', () => {
    expect(visualRows([line('\u001b[31m0123456789\u001b[0m')], 10)).toHaveLength(1)
  })

  it('finds the row of a line', () => {
    const rows = visualRows([line('a'.repeat(25)), line('b'), line('c'.repeat(11))], 10)
    expect(rows.map((row) => row.line)).toEqual([0, 0, 0, 1, 2, 2])
    expect([0, 1, 2].map((place) => rowOfLine(rows, place))).toEqual([0, 3, 4])
  })

  it('cuts coloured text, and marks what was looked for across colours', () => {
    const { spans } = spansOf('one \u001b[31mtw\u001b[0mo three')
    expect(partOf(spans, 0, Infinity, 'two')).toEqual([
      { text: 'one ', style: '', isMarked: false },
      { text: 'tw', style: 'ansi-red', isMarked: true },
      { text: 'o', style: '', isMarked: true },
      { text: ' three', style: '', isMarked: false },
    ])
    expect(partOf(spans, 5, 9, '').map((part) => part.text).join('')).toBe('wo t')
  })
})
