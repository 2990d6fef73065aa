import { describe, expect, it } from 'vitest'

import { AT_A_TIME, NO_PAUSE, flawOf, pauseWords } from '@/components/pause'

const NOON = Date.parse('2026-03-01T12:00')

describe('the form of a pause', () => {
  it('says nothing that nobody asked for', () => {
    expect(pauseWords(NO_PAUSE)).toEqual({})
    expect(pauseWords({ ...NO_PAUSE, note: '  ' })).toEqual({})
  })

  it('says the reason, and how long or until when', () => {
    expect(pauseWords({ ...NO_PAUSE, note: ' disks ', span: '900000' })).toEqual({
      note: 'disks',
      for_ms: 900_000,
    })
    expect(pauseWords({ note: '', span: AT_A_TIME, at: '2026-03-01T12:00' })).toEqual({ until: NOON })
  })

  it('refuses an end that has passed or is missing', () => {
    const form = { note: '', span: AT_A_TIME, at: '2026-03-01T12:00' }
    expect(flawOf(form, NOON - 1)).toBeNull()
    expect(flawOf(form, NOON)).toMatch(/over/)
    expect(flawOf({ ...form, at: '' }, NOON)).toMatch(/Say when/)
  })
})
