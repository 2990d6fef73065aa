import { describe, expect, it } from 'vitest'

import type { Delta } from '@/api/types'
import { apply, emptyPicture, noChanges, replace } from '@/live/picture'

import { row, snapshot } from './rows'

const delta = (seq: number, rest: Partial<Delta> = {}): Delta => ({ seq, at: 0, ...rest }) as Delta

describe('the picture', () => {
  it('takes a snapshot whole, and keeps its map', () => {
    const picture = emptyPicture()
    const { agents, offers } = picture
    replace(picture, snapshot(3, [row('a')]))
    replace(picture, snapshot(9, [row('b')]))
    expect(picture.seq).toBe(9)
    expect([...picture.agents.keys()]).toEqual(['b'])
    expect(picture.agents).toBe(agents)
    expect(picture.offers).not.toBe(offers)
    expect(picture.offers).toEqual([['gpu']])
  })

  it('names agents that a new snapshot does not have any more as changed', () => {
    const picture = emptyPicture()
    replace(picture, snapshot(3, [row('gone')]))
    expect([...replace(picture, snapshot(4, [row('new')])).agents].sort()).toEqual(['gone', 'new'])
  })

  it('applies the delta that follows', () => {
    const picture = emptyPicture()
    replace(picture, snapshot(3, [row('a'), row('b')]))
    const before = picture.agents.get('a')
    const changes = noChanges()
    const done = apply(picture, delta(4, { agents: [row('a', 'working', 2)], gone: ['b'], offers: { 1: ['cpu'] } }), changes)
    expect(done).toBe('applied')
    expect(picture.agents.get('a')).toMatchObject({ status: 'working', running: 2 })
    expect(picture.agents.get('a')).not.toBe(before)
    expect(before).toMatchObject({ status: 'idle' })
    expect(picture.agents.has('b')).toBe(false)
    expect(picture.offers[1]).toEqual(['cpu'])
    expect([...changes.agents].sort()).toEqual(['a', 'b'])
  })

  it.each([
    [3, 'old'],
    [2, 'old'],
    [5, 'gap'],
  ])('does not apply number %i to a picture at 3: %s', (seq, answer) => {
    const picture = emptyPicture()
    replace(picture, snapshot(3, [row('a')]))
    expect(apply(picture, delta(seq, { gone: ['a'] }), noChanges())).toBe(answer)
    expect(picture.agents.has('a')).toBe(true)
    expect(picture.seq).toBe(3)
  })

  it('gives names to tasks and events, and remembers that there were more', () => {
    const picture = emptyPicture()
    replace(picture, snapshot(0, []))
    const changes = noChanges()
    apply(picture, delta(1, { tasks: [['task-1', 'running', 2, 1, 'a', 40, 5]], more: true }), changes)
    apply(picture, delta(2, { events: [[7, 'task.created', 'task-1', 'ops', 5, {}]] }), changes)
    expect(changes.tasks).toEqual([{ id: 'task-1', state: 'running', version: 2, attempt: 1, agent: 'a', percent: 40, at: 5 }])
    expect(changes.events[0]).toMatchObject({ seq: 7, type: 'task.created', actor: 'ops' })
    expect(changes.more).toBe(true)
  })
})
