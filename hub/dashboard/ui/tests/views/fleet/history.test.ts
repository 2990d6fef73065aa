import { describe, expect, it, vi } from 'vitest'
import { effectScope } from 'vue'

import type { HubEvent } from '@/api/types'
import { merged, useHistory } from '@/views/fleet/history'

const event = (seq: number): HubEvent => ({ seq, type: 'agent.online', entity: 'birch', at: seq, actor: 'hub', data: {} })

describe('the events of an agent', () => {
  it('are newest first, each once, whether they were read or came in', () => {
    const events = merged([event(3), event(1)], [event(4), event(3), event(2)])
    expect(events.map((each) => each.seq)).toEqual([4, 3, 2, 1])
  })

  it('are not kept without end', () => {
    const many = Array.from({ length: 500 }, (_, seq) => event(seq))
    const kept = merged([], many)
    expect(kept).toHaveLength(200)
    expect(kept[0]?.seq).toBe(499)
  })

  it('are the newest ones, however many there were', async () => {
    const last = 30_000
    let requests = 0
    vi.stubGlobal('fetch', async (path: string) => {
      requests += 1
      const query = new URL(path, 'http://hub').searchParams
      const after = Number(query.get('after')?.split(':')[1] ?? 0)
      const many = Math.min(Number(query.get('limit')), last - after)
      const items = Array.from({ length: many }, (_, n) => ({
        seq: after + n + 1,
        type: 'agent.online',
        target: 'birch',
        meta: { actor_id: 'hub' },
        timestamp: 0,
      }))
      const end = after + many
      return new Response(JSON.stringify({ items, next_cursor: `e:${end}`, newest: `e:${last}`, at_end: end === last }))
    })
    const scope = effectScope()
    const history = scope.run(useHistory)!
    await history.load('birch')
    expect(history.events.value[0]?.seq).toBe(last)
    expect(history.isCut.value).toBe(true)
    expect(requests).toBeLessThan(5)
    scope.stop()
  })
})
