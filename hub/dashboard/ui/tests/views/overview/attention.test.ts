import { describe, expect, it } from 'vitest'

import type { Counters, DispatchPause } from '@/api/types'
import { concerns, type Facts } from '@/views/overview/attention'

const COUNTERS: Counters = {
  tasks: { queued: 0 }, agents: {}, queued: {}, finished_per_s: 0, failed_per_s: 0, slots: 0, busy: 0,
  oldest_queued_ms: null, loop_lag_ms: 0, dispatch_paused: false, readers: 1,
}

const PAUSE: DispatchPause = { id: 'p1', label: null, note: 'disk swap', until: null, created_at: 0, created_by: 'ann' }

function facts(over: Partial<Facts> = {}): Facts {
  return {
    counters: COUNTERS, agents: 3, stale: [], flapping: [], dead: 0, waiting: null, pauses: [],
    isReady: true, searchBehindMs: null, pageBehindMs: 0, ...over,
  }
}

const ids = (over: Partial<Facts>) => concerns(facts(over)).map((each) => each.id)

describe('what needs somebody', () => {
  it('is nothing on a calm hub, and nothing is invented while nothing is known', () => {
    expect(concerns(facts())).toEqual([])
    expect(concerns(facts({ counters: null, dead: null, isReady: null, agents: 0 }))).toEqual([])
  })

  it('is a pause of everything, with who and why and the pause itself', () => {
    const [found] = concerns(facts({ pauses: [PAUSE] }))
    expect(found).toMatchObject({ title: 'Dispatch is paused', text: 'By ann: disk swap', pause: PAUSE })
  })

  it('is work that nobody could do, with the command that helps', () => {
    const [found] = concerns(facts({ agents: 0, counters: { ...COUNTERS, tasks: { queued: 2 } } }))
    expect(found).toMatchObject({ id: 'nobody', command: 'corral invite' })
  })

  it('is work that waits long, with the reason that most of it has', () => {
    const samples = ['no_such_agent', 'waiting_for_agent', 'no_such_agent'].map((code, index) => ({
      id: `t${index}`, reasons: [{ code, message: `because of ${code}` }],
    }))
    const counters = { ...COUNTERS, oldest_queued_ms: 125_000 }
    const [found] = concerns(facts({ counters, waiting: { count: 10_000, more: true, samples } }))
    expect(found?.title).toBe('10,000 tasks or more queued for more than a minute')
    expect(found?.text).toBe('Because of no_such_agent. The oldest has waited for 2 min 5 s.')
  })

  it('links a task that waits alone', () => {
    const counters = { ...COUNTERS, oldest_queued_ms: 61_000 }
    const waiting = { count: 1, more: false, samples: [{ id: 'task/1', reasons: [] }] }
    expect(concerns(facts({ counters, waiting }))[0]?.link?.to).toBe('/tasks/task%2F1')
  })

  it('is not what has just been queued', () => {
    const waiting = { count: 5, more: false, samples: [] }
    expect(ids({ counters: { ...COUNTERS, oldest_queued_ms: 59_999 }, waiting })).toEqual([])
  })

  it('puts first what stops everything', () => {
    expect(
      ids({
        isReady: false, dead: 3, stale: ['oak'], pauses: [PAUSE], searchBehindMs: 90_000,
        flapping: [{ id: 'ash', times: 3 }], counters: { ...COUNTERS, loop_lag_ms: 300 },
      }),
    ).toEqual(['ready', 'pause-p1', 'dead', 'stale', 'flapping', 'slow', 'search'])
  })

  it('names a few and counts the rest', () => {
    const [found] = concerns(facts({ stale: ['a', 'b', 'c', 'd', 'e'] }))
    expect(found?.text).toContain('a, b, c and 2 more')
  })
})
