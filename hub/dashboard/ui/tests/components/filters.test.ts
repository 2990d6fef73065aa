import { describe, expect, it } from 'vitest'

import { parseFilter, writeFilter } from '@/components/filters'

describe('a filter', () => {
  it('is tokens, negated tokens and free text', () => {
    expect(parseFilter('status:working -host:build-7 -noise "two words"')).toEqual([
      { key: 'status', value: 'working', negated: false },
      { key: 'host', value: 'build-7', negated: true },
      { key: null, value: 'noise', negated: true },
      { key: null, value: 'two words', negated: false },
    ])
  })

  it.each([
    ['label:env=prod', 'label', 'env=prod'],
    ['cap:"gpu large"', 'cap', 'gpu large'],
    ['created:>2026-11-01T10:00', 'created', '>2026-11-01T10:00'],
    ['agent:"a \\"quoted\\" one"', 'agent', 'a "quoted" one'],
    ['STATE:queued', 'state', 'queued'],
  ])('reads %s', (text, key, value) => {
    expect(parseFilter(text)).toEqual([{ key, value, negated: false }])
  })

  it.each([['a:b'], ['-x'], ['with "quotes" and \\'], ['<b>&'], ['\u202eevil'], ['plain']])('writes %j so that it reads the same', (value) => {
    for (const key of [null, 'text']) {
      for (const negated of [false, true]) {
        expect(parseFilter(writeFilter([{ key, value, negated }]))).toEqual([{ key, value, negated }])
      }
    }
  })

  it('survives quotes that do not end', () => {
    expect(parseFilter('cap:"gpu la')).toEqual([{ key: 'cap', value: 'gpu la', negated: false }])
  })
})
