import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { JUMP_MS, Pace } from '@/views/tasks/pace'

describe('Pace', () => {
  let asked: number[][]
  let pace: Pace

  beforeEach(() => {
    vi.useFakeTimers()
    asked = []
    pace = new Pace((first, last) => asked.push([first, last]))
  })
  afterEach(() => vi.useRealTimers())

  it('asks at once for what comes next to what was asked for', () => {
    pace.show(0, 30)
    pace.show(20, 50)
    pace.show(45, 75)
    expect(asked).toEqual([[0, 30], [20, 50], [45, 75]])
  })

  it('asks at once for the first jump, and then only for where it ends', () => {
    pace.show(0, 30)
    vi.advanceTimersByTime(JUMP_MS)
    for (let place = 1_000; place <= 5_000; place += 1_000) pace.show(place, place + 30)
    expect(asked).toEqual([[0, 30], [1_000, 1_030]])
    vi.advanceTimersByTime(JUMP_MS)
    expect(asked.slice(2)).toEqual([[5_000, 5_030]])
  })

  it('asks again and again while the jumps go on', () => {
    for (let frame = 0; frame < 600; frame += 1) {
      pace.show(frame * 1_000, frame * 1_000 + 30)
      vi.advanceTimersByTime(16)
    }
    const seconds = 9.6
    expect(asked.length).toBeGreaterThan(seconds * 4)
    expect(asked.length).toBeLessThan(seconds * 10)
  })

  it('asks for nothing more once it was stopped', () => {
    pace.show(0, 30)
    pace.show(1_000, 1_030)
    pace.stop()
    vi.advanceTimersByTime(JUMP_MS)
    expect(asked).toEqual([[0, 30]])
  })
})
