import { describe, expect, it } from 'vitest'

import { inWords } from '@/views/fleet/eventWords'

describe('an event of an agent in words', () => {
  it('says from what to what it went', () => {
    const event = { type: 'agent.status.changed', data: { from: 'active', to: 'paused', note: 'disks' } }
    expect(inWords(event)).toEqual({ title: 'active → paused', text: 'note: disks' })
  })

  it('names what is known, and keeps the name of what is not', () => {
    expect(inWords({ type: 'agent.online', data: { session: 3 } })).toEqual({ title: 'Connected', text: 'session: 3' })
    expect(inWords({ type: 'agent.invented', data: {} })).toEqual({ title: 'agent.invented', text: '' })
  })

  it('lists words with commas, and cuts what is too long', () => {
    expect(inWords({ type: 'agent.updated', data: { fields: ['name', 'slots'] } }).text).toBe('fields: name, slots')
    expect(inWords({ type: 'agent.updated', data: { note: 'x'.repeat(5_000) } }).text.length).toBeLessThan(320)
  })
})
