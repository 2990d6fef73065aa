import { describe, expect, it } from 'vitest'

import { lifetimeOf } from '@/views/admin/lifetimes'
import { untilOne, usedShare } from '@/views/admin/usage'

describe('what is left of a rate', () => {
  it('is shown as the share that is used', () => {
    expect(usedShare({ burst: 100, remaining: 25 })).toBe(0.75)
    expect(usedShare({ burst: 100, remaining: 250 })).toBe(0)
    expect(usedShare({ burst: 0, remaining: 0 })).toBe(1)
  })

  it('says how long somebody has to wait who has none left', () => {
    expect(untilOne({ per_minute: 60, remaining: 0 })).toBe(1_000)
    expect(untilOne({ per_minute: 60, remaining: 3 })).toBe(0)
  })
})

describe('a lifetime', () => {
  it('is none when it has no end', () => {
    expect(lifetimeOf('')).toBeNull()
    expect(lifetimeOf('60000')).toBe(60_000)
  })
})
