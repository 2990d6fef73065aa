import { describe, expect, it } from 'vitest'

import { count, formatBytes, formatClock, formatCompact, formatDuration, formatExact, formatMinute, formatNumber, formatRelative, shortId } from '@/components/format'

describe('words for values', () => {
  it.each([[0, '0'], [3.14, '3.1'], [41_203, '41,203'], [12.7, '13'], [null, '–'], [NaN, '–']])('number %s is %s', (value, text) => {
    expect(formatNumber(value)).toBe(text)
  })

  it.each([[9_999, '9,999'], [41_203, '41.2K'], [1_250_000, '1.3M']])('compact %s is %s', (value, text) => {
    expect(formatCompact(value)).toBe(text)
  })

  it.each([
    [0, '0 ms'], [3.4, '3.4 ms'], [46, '46 ms'], [3_210, '3.2 s'], [59_600, '1 min'], [724_000, '12 min 4 s'],
    [7_500_000, '2 h 5 min'], [273_600_000, '3 d 4 h'], [-5, '0 ms'], [null, '–'],
  ])('duration %s is %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })

  it.each([[0, '0 B'], [512, '512 B'], [1_536, '1.5 KiB'], [1_572_864, '1.5 MiB']])('%s bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })

  it.each([[1_000, 'now'], [500, 'now'], [-3_000, '4s ago'], [-7_199_000, '2h ago'], [61_000, 'in 1m']])('the time %s from 1000 is %s', (at, text) => {
    expect(formatRelative(at, 1_000).replace(/\u202f|\u00a0/g, ' ').replace('min', 'm')).toBe(text)
  })

  it('says the time of day', () => {
    const at = new Date(2026, 10, 20, 3, 5, 11).getTime()
    expect([formatClock(at, false), formatMinute(at, false)]).toEqual(['03:05:11', '03:05'])
    expect(formatClock(Date.UTC(2026, 10, 20, 0, 5, 11), true)).toBe('00:05:11')
  })

  it('says the exact time in UTC', () => {
    expect(formatExact(Date.UTC(2026, 10, 20, 23, 5, 11, 204), true)).toBe('2026-11-20 23:05:11.204 UTC')
  })

  it('ids keep both ends', () => expect(shortId('task-01j9abcdefghjkmnpqrstvwxyz')).toBe('task-01j9ab…wxyz'))
  it('counts agree with their noun', () => expect([count(1, 'task'), count(4_534, 'task')]).toEqual(['1 task', '4,534 tasks']))
})
