import { describe, expect, it } from 'vitest'

import type { HubEvent } from '@/api/types'
import { inShort, pageOf, toneOf } from '@/components/events'

function event(over: Partial<HubEvent> = {}): HubEvent {
  return { seq: 1, type: 'task.created', entity: 'task-1', actor: 'ann', at: 0, data: {}, ...over }
}

describe('an event', () => {
  it('leads to what it is about, if that is still there', () => {
    expect(pageOf(event({ entity: 'a/b' }))).toBe('/tasks/a%2Fb')
    expect(pageOf(event({ type: 'agent.online', entity: 'oak' }))).toBe('/fleet/oak')
    expect(pageOf(event({ type: 'agent.deleted', entity: 'oak' }))).toBeNull()
    expect(pageOf(event({ type: 'dispatch.paused', entity: '' }))).toBeNull()
  })

  it('says itself in short, whatever is in it', () => {
    expect(inShort(event({ type: 'task.status.changed', data: { from: 'running', to: 'dead_letter', reason: 'oom' } }))).toBe(
      'running → dead_letter: oom',
    )
    expect(inShort(event({ type: 'of.tomorrow', data: { a: 1, b: ['x'] } }))).toBe('a 1, b ["x"]')
    expect(inShort(event({ type: 'of.tomorrow', data: { a: 'x'.repeat(1 << 20) } })).length).toBeLessThanOrEqual(300)
  })

  it('has the colour of what came of it', () => {
    expect(toneOf(event({ type: 'task.status.changed', data: { to: 'completed' } }))).toBe('done')
    expect(toneOf(event({ type: 'task.status.changed', data: { to: 'dead_letter' } }))).toBe('failed')
    expect(toneOf(event({ type: 'of.tomorrow' }))).toBe('off')
  })
})
