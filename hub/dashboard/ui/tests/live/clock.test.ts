import { describe, expect, it } from 'vitest'

import { HubClock } from '@/live/clock'

describe("the hub's clock", () => {
  it('is the local one before anything was heard', () => {
    expect(new HubClock().now(500)).toBe(500)
  })

  it('takes the least difference for the offset, and the rest for lag', () => {
    const clock = new HubClock()
    expect(clock.hear(1_000, 6_020)).toBe(0)
    expect(clock.hear(2_000, 7_005)).toBe(0)
    expect(clock.hear(3_000, 8_105)).toBe(100)
    expect(clock.now(9_005)).toBe(4_000)
  })

  it('forgets an offset that has not been true for long', () => {
    const clock = new HubClock()
    clock.hear(1_000, 1_000)
    for (let n = 0; n < 1_300; n++) clock.hear(2_000, 2_400)
    expect(clock.hear(3_000, 3_400)).toBe(0)
  })

  it('does not take a lag that stays for the offset', () => {
    const clock = new HubClock()
    clock.hearAnswer(1_000, 6_000, 6_040)
    for (let n = 0; n < 3_000; n++) expect(clock.hear(n, n + 5_000 + 3_000)).toBeGreaterThanOrEqual(2_960)
    expect(clock.now(9_040)).toBe(4_000)
  })

  it('shares a slow round trip both ways', () => {
    const clock = new HubClock()
    clock.hearAnswer(3_000, 0, 6_000)
    expect(clock.hear(10_000, 13_000)).toBe(2_500)
  })

  it('is doubtful until a request was answered, and when messages have drifted from its answer', () => {
    const clock = new HubClock()
    expect(clock.isDoubtful).toBe(true)
    clock.hearAnswer(1_000, 1_000, 1_020)
    expect(clock.isDoubtful).toBe(false)
    for (let n = 0; n < 600; n++) clock.hear(2_000, 2_100)
    expect(clock.isDoubtful).toBe(true)
    clock.hearAnswer(3_000, 3_090, 3_110)
    expect(clock.isDoubtful).toBe(false)
    for (let n = 0; n < 600; n++) clock.hear(4_000, 4_100)
    expect(clock.hear(5_000, 5_100)).toBe(0)
  })

  it('learns at once from an answer that a clock was corrected', () => {
    const clock = new HubClock()
    clock.hearAnswer(1_000, 1_000, 1_020)
    clock.hear(2_000, 2_010)
    expect(clock.hear(3_000, 63_010)).toBe(60_000)
    clock.hearAnswer(4_000, 64_000, 64_020)
    expect(clock.hear(5_000, 65_010)).toBe(0)
  })
})
