import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { ApiError } from '@/api/client'
import type { Snapshot } from '@/api/types'
import { MOST_MS } from '@/live/backoff'
import { Resync } from '@/live/resync'

import { snapshot } from './rows'

/** A hub that answers each request in turn, and waits when there is nothing to say. */
function resyncWith(...answers: (Snapshot | ApiError)[]) {
  const signals: AbortSignal[] = []
  const taken: Snapshot[] = []
  const resync = new Resync(
    async (signal) => {
      signals.push(signal)
      const answer = answers.shift()
      if (answer instanceof ApiError) throw answer
      return answer ?? new Promise<Snapshot>(() => undefined)
    },
    (made) => void taken.push(made),
  )
  return { resync, signals, taken }
}
const refusal = (status: number, retryAfterMs: number | null = null) => new ApiError(status, 'busy', 'later', [], null, retryAfterMs)

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('a resync', () => {
  it('takes the snapshot, and is not needed any more', async () => {
    const { resync, taken } = resyncWith(snapshot(3, []))
    resync.need()
    expect(resync.isNeeded).toBe(true)
    await vi.advanceTimersByTimeAsync(0)
    expect(taken.map(({ seq }) => seq)).toEqual([3])
    expect(resync.isNeeded).toBe(false)
  })

  it('asks once however often it is needed meanwhile', () => {
    const { resync, signals } = resyncWith()
    for (let n = 0; n < 20; n++) resync.need()
    expect(signals).toHaveLength(1)
  })

  it.each([0, 401, 429, 500, 503])('that was refused with %i asks again after its own wait only', async (status) => {
    const { resync, signals, taken } = resyncWith(refusal(status), snapshot(4, []))
    resync.need()
    for (let n = 0; n < 20; n++) {
      await vi.advanceTimersByTimeAsync(10)
      resync.need()
    }
    expect(signals).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(MOST_MS)
    expect(signals).toHaveLength(2)
    expect(taken).toHaveLength(1)
  })

  it('waits as long as the hub wishes', async () => {
    const { resync, signals } = resyncWith(refusal(429, 60_000))
    resync.need()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(signals).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(signals).toHaveLength(2)
  })

  it('gives a request up when it is interrupted, and asks anew when it is needed again', async () => {
    const { resync, signals } = resyncWith()
    resync.need()
    resync.interrupt()
    expect(signals[0]!.aborted).toBe(true)
    expect(resync.isNeeded).toBe(true)
    await vi.advanceTimersByTimeAsync(MOST_MS)
    expect(signals).toHaveLength(1)
    resync.need()
    expect(signals).toHaveLength(2)
  })

  it('does not ask while it is interrupted, also when its wait is over', async () => {
    const { resync, signals } = resyncWith(refusal(503))
    resync.need()
    await vi.advanceTimersByTimeAsync(0)
    resync.interrupt()
    await vi.advanceTimersByTimeAsync(MOST_MS)
    expect(signals).toHaveLength(1)
  })

  it('keeps its wait through an interruption, unless somebody is in a hurry', async () => {
    const { resync, signals } = resyncWith(refusal(503, 5_000))
    resync.need()
    await vi.advanceTimersByTimeAsync(0)
    resync.interrupt()
    resync.need()
    expect(signals).toHaveLength(1)
    resync.hurry()
    resync.need()
    expect(signals).toHaveLength(2)
  })

  it('remembers since when the picture has stood still', () => {
    const { resync } = resyncWith()
    vi.setSystemTime(1_000)
    resync.need()
    vi.setSystemTime(5_000)
    resync.need()
    expect(resync.since.value).toBe(1_000)
    resync.done()
    expect(resync.since.value).toBeNull()
  })
})
