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
})
