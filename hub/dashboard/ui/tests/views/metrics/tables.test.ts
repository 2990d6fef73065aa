import { expect, it } from 'vitest'

import { readTables, writeTables } from '@/views/metrics/tables'

const IDS = ['wait', 'run', 'queue']

it('keeps in the address which charts are tables', () => {
  for (const chosen of [[], ['run'], ['wait', 'queue'], IDS]) {
    expect(readTables(writeTables(new Set(chosen), IDS), IDS)).toEqual(new Set(chosen))
  }
  expect(writeTables(new Set(IDS), IDS)).toBe('all')
  expect(writeTables(new Set(), IDS)).toBeUndefined()
})

it('takes nothing from an address that it does not know', () => {
  expect(readTables('wait,<img>,9', IDS)).toEqual(new Set(['wait']))
})
