import { describe, expect, it } from 'vitest'

import { AT_ONCE, remaining, runBulk, type Progress, type Verdict } from '@/views/fleet/bulk'

const names = (count: number) => Array.from({ length: count }, (_, index) => `agent-${index}`)
const failed = (error: unknown): Verdict => ({ kind: 'failed', reason: String(error) })

/** Runs against a hub whose clock only moves when somebody waits. */
function begin(
  ids: string[],
  act: (id: string) => Promise<unknown>,
  judge: (error: unknown) => Verdict = failed,
) {
  const told: Progress[] = []
  let clock = 0
  const run = runBulk(ids, {
    act,
    judge,
    onProgress: (progress) => told.push(progress),
    now: () => clock,
    wait: async (ms) => {
      clock += ms
    },
  })
  return { run, told, clock: () => clock }
}

describe('a bulk action', () => {
  it('acts on each of them once', async () => {
    const acted: string[] = []
    const { run } = begin(names(20), async (id) => acted.push(id))
    const end = await run.finished
    expect(acted.sort()).toEqual(names(20).sort())
    expect(end).toMatchObject({ total: 20, done: 20, failures: [], ended: true, stopped: null })
  })

  it('never has more than eight requests under way', async () => {
    let here = 0
    let most = 0
    const { run } = begin(names(50), async () => {
      here += 1
      most = Math.max(most, here)
      await Promise.resolve()
      here -= 1
    })
    await run.finished
    expect(most).toBe(AT_ONCE)
  })

  it('goes on after a failure, and says which failed and why', async () => {
    const { run } = begin(names(3), async (id) => {
      if (id === 'agent-1') throw 'not found'
    })
    expect(await run.finished).toMatchObject({
      done: 2,
      failures: [{ id: 'agent-1', reason: 'not found' }],
    })
  })

  it('waits as long as the hub asks, and then sends the same one again', async () => {
    let refusals = 1
    const acted: string[] = []
    const { run, told, clock } = begin(
      names(2),
      async (id) => {
        acted.push(id)
        if (refusals-- > 0) throw 'slow down'
      },
      () => ({ kind: 'wait', ms: 2_500 }),
    )
    expect(await run.finished).toMatchObject({ done: 2, failures: [] })
    expect(acted.filter((id) => id === 'agent-0')).toHaveLength(2)
    expect(clock()).toBeGreaterThanOrEqual(2_500)
    expect(told.some((progress) => progress.waitsUntil !== null)).toBe(true)
    expect(told.at(-1)?.waitsUntil).toBeNull()
  })

  it('sends nothing more once it is stopped', async () => {
    const acted: string[] = []
    const { run } = begin(names(100), async (id) => {
      acted.push(id)
      if (acted.length === AT_ONCE) run.stop()
    })
    const end = await run.finished
    expect(acted).toHaveLength(AT_ONCE)
    expect(end).toMatchObject({ ended: true, stopped: 'stopped', done: AT_ONCE })
  })

  it('stops by itself when nobody is logged in any more', async () => {
    const { run } = begin(
      names(30),
      async () => {
        throw 'who are you?'
      },
      () => ({ kind: 'stop', reason: 'logged out' }),
    )
    expect(await run.finished).toMatchObject({ done: 0, failures: [], stopped: 'logged out' })
  })

  it('is over at once when there is nothing to do', async () => {
    expect(await begin([], async () => undefined).run.finished).toMatchObject({ ended: true, total: 0 })
  })

  it('guesses what is left from the pace so far, once there is one', () => {
    const progress = { total: 100, done: 20, failures: [], waitsUntil: null, ended: false, stopped: null }
    expect(remaining(progress, 0, 2_000)).toBe(8_000)
    expect(remaining({ ...progress, done: 1 }, 0, 2_000)).toBeNull()
  })
})
