import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { AT_ONCE, remaining, runBulk, type Progress, type Verdict } from '@/views/fleet/bulk'

const names = (count: number) => Array.from({ length: count }, (_, index) => `agent-${index}`)
const failed = (error: unknown): Verdict => ({ kind: 'failed', reason: String(error) })

beforeEach(() => vi.useFakeTimers({ now: 0 }))
afterEach(() => vi.useRealTimers())

function begin(
  ids: string[],
  act: (id: string) => Promise<unknown>,
  judge: (error: unknown) => Verdict = failed,
) {
  const told: Progress[] = []
  const run = runBulk(ids, { act, judge, onProgress: (progress) => told.push(progress) })
  const end = async () => {
    await vi.runAllTimersAsync()
    return run.finished
  }
  return { run, told, end }
}

describe('a bulk action', () => {
  it('acts on each of them once', async () => {
    const acted: string[] = []
    const { end: finish } = begin(names(20), async (id) => acted.push(id))
    const end = await finish()
    expect(acted.sort()).toEqual(names(20).sort())
    expect(end).toMatchObject({ total: 20, done: 20, failures: [], ended: true, stopped: null })
  })

  it('never has more than eight requests under way', async () => {
    let here = 0
    let most = 0
    const { end } = begin(names(50), async () => {
      here += 1
      most = Math.max(most, here)
      await Promise.resolve()
      here -= 1
    })
    await end()
    expect(most).toBe(AT_ONCE)
  })

  it('goes on after a failure, and says which failed and why', async () => {
    const { end } = begin(names(3), async (id) => {
      if (id === 'agent-1') throw 'not found'
    })
    expect(await end()).toMatchObject({
      done: 2,
      failures: [{ id: 'agent-1', reason: 'not found' }],
    })
  })

  it('waits as long as the hub asks, and then sends the same one again', async () => {
    let refusals = 1
    const acted: string[] = []
    const { end, told } = begin(
      names(2),
      async (id) => {
        acted.push(id)
        if (refusals-- > 0) throw 'slow down'
      },
      () => ({ kind: 'wait', ms: 2_500 }),
    )
    expect(await end()).toMatchObject({ done: 2, failures: [] })
    expect(acted.filter((id) => id === 'agent-0')).toHaveLength(2)
    expect(Date.now()).toBeGreaterThanOrEqual(2_500)
    expect(told.some((progress) => progress.waitsUntil !== null)).toBe(true)
    expect(told.at(-1)?.waitsUntil).toBeNull()
  })

  it('keeps the pace that the hub gave, and leaves some of it to others', async () => {
    const sentAt: number[] = []
    const { end } = begin(
      names(30),
      async () => {
        sentAt.push(Date.now())
        if (sentAt.length === 10) throw 'slow down'
      },
      () => ({ kind: 'wait', ms: 100 }),
    )
    expect(await end()).toMatchObject({ done: 30 })
    const paced = sentAt.filter((at) => at > 0)
    const gaps = paced.slice(1).map((at, index) => at - (paced[index] as number))
    expect(paced.length).toBeGreaterThan(10)
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(125)
  })

  it('sends nothing more once it is stopped', async () => {
    const acted: string[] = []
    const { run, end: finish } = begin(names(100), async (id) => {
      acted.push(id)
      if (acted.length === AT_ONCE) run.stop()
    })
    const end = await finish()
    expect(acted).toHaveLength(AT_ONCE)
    expect(end).toMatchObject({ ended: true, stopped: 'stopped', done: AT_ONCE })
  })

  it('can be stopped while it waits', async () => {
    const acted: string[] = []
    const { run, end: finish } = begin(
      names(3),
      async (id) => {
        acted.push(id)
        throw 'slow down'
      },
      () => ({ kind: 'wait', ms: 30_000 }),
    )
    await vi.advanceTimersByTimeAsync(1_000)
    run.stop()
    expect(await finish()).toMatchObject({ done: 0, stopped: 'stopped', waitsUntil: null })
    expect(acted).toHaveLength(3)
    expect(Date.now()).toBeLessThan(5_000)
  })

  it('stops by itself when nobody is logged in any more', async () => {
    const { end } = begin(
      names(30),
      async () => {
        throw 'who are you?'
      },
      () => ({ kind: 'stop', reason: 'logged out' }),
    )
    expect(await end()).toMatchObject({ done: 0, failures: [], stopped: 'logged out' })
  })

  it('is over at once when there is nothing to do', async () => {
    expect(await begin([], async () => undefined).end()).toMatchObject({ ended: true, total: 0 })
  })

  it('guesses what is left from the pace so far, once there is one', () => {
    const progress = { total: 100, done: 20, failures: [], waitsUntil: null, ended: false, stopped: null }
    expect(remaining(progress, 0, 2_000)).toBe(8_000)
    expect(remaining({ ...progress, done: 1 }, 0, 2_000)).toBeNull()
  })
})
