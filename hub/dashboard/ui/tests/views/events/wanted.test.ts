import { describe, expect, it } from 'vitest'

import type { HubEvent } from '@/api/types'
import { wantedBy } from '@/views/events/wanted'

function event(over: Partial<HubEvent> = {}): HubEvent {
  return { seq: 1, type: 'task.created', entity: 'task-1', actor: 'ann', at: 0, data: {}, ...over }
}

describe('the filter of events', () => {
  it('lets everything through when it is empty', () => {
    const { query, fits } = wantedBy('')
    expect(query).toEqual({ type: [] })
    expect(fits(event())).toBe(true)
  })

  it('tells the hub every type that may come, also for families and for what is negated', () => {
    expect(wantedBy('type:task.status.changed').query.type).toEqual(['task.status.changed'])
    const family = wantedBy('type:agent.*').query.type
    expect(family).toContain('agent.status.changed')
    expect(family.every((type) => type.startsWith('agent.'))).toBe(true)
    expect(wantedBy('type:agent').query.type).toEqual(family)
    const others = wantedBy('-type:task.*').query.type
    expect(others).toContain('bulk.created')
    expect(others.some((type) => type.startsWith('task.'))).toBe(false)
  })

  it('means any of several types, but not one that is negated', () => {
    const { fits } = wantedBy('type:task.* type:bulk.created -type:task.updated')
    expect(fits(event({ type: 'task.created' }))).toBe(true)
    expect(fits(event({ type: 'bulk.created' }))).toBe(true)
    expect(fits(event({ type: 'task.updated' }))).toBe(false)
    expect(fits(event({ type: 'agent.online' }))).toBe(false)
  })

  it('lets the hub sift one entity and one actor, and sifts several itself', () => {
    expect(wantedBy('entity:task-1 actor:ann').query).toEqual({ type: [], entity: 'task-1', actor: 'ann' })
    const { query, fits } = wantedBy('actor:ann actor:bob')
    expect(query.actor).toBeUndefined()
    expect([fits(event({ actor: 'bob' })), fits(event({ actor: 'eve' }))]).toEqual([true, false])
  })

  it('takes what is negated away', () => {
    const { query, fits } = wantedBy('-actor:hub')
    expect(query.actor).toBeUndefined()
    expect([fits(event({ actor: 'hub' })), fits(event())]).toEqual([false, true])
  })

  it('looks for free words in everything, all of them', () => {
    const { fits } = wantedBy('TIMEOUT task-1')
    expect(fits(event({ data: { reason: 'a timeout' } }))).toBe(true)
    expect(fits(event({ data: { reason: 'a timeout' }, entity: 'task-2' }))).toBe(false)
  })
})
