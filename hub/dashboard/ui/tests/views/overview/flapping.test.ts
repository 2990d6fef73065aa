import { describe, expect, it } from 'vitest'

import { Departures } from '@/views/overview/flapping'

describe('coming and going', () => {
  const MINUTE = 60_000

  it('is told after the third time within ten minutes, the most restless first', () => {
    const departures = new Departures()
    for (const at of [0, 1, 2]) departures.note('birch', at * MINUTE)
    for (const at of [0, 1, 2, 3]) departures.note('oak', at * MINUTE)
    departures.note('ash', 3 * MINUTE)
    expect(departures.restless(4 * MINUTE)).toEqual([
      { id: 'oak', times: 4 },
      { id: 'birch', times: 3 },
    ])
  })

  it('is forgotten', () => {
    const departures = new Departures()
    for (const at of [0, 1, 2]) departures.note('birch', at * MINUTE)
    expect(departures.restless(13 * MINUTE)).toEqual([])
  })
})
