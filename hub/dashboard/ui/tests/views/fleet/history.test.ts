import { describe, expect, it } from 'vitest'

import type { HubEvent } from '@/api/types'
import { merged } from '@/views/fleet/history'

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
})
