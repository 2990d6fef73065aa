import { describe, expect, it } from 'vitest'

import { ACTIONS, targetOf } from '@/components/fleet/actions'
import { standing } from '@/components/agents'
import { shownStanding } from '@/components/fleet/pending'

import { agent } from '../agents'

describe('the word for an agent', () => {
  it('says first what people decided, but never hides that it is gone', () => {
    expect(standing(agent('a', { status: 'working', paused: true }))).toBe('paused')
    expect(standing(agent('a', { status: 'offline', paused: true }))).toBe('offline')
    expect(standing(agent('a', { active: false }))).toBe('inactive')
  })

  it('shows a pause at once while it is being sent, and nothing that cannot be taken back', () => {
    expect(shownStanding(agent('a'), 'pause')).toBe('paused')
    expect(shownStanding(agent('a', { paused: true }), 'resume')).toBe('idle')
    expect(shownStanding(agent('a'), 'drain')).toBe('idle')
  })
})

describe('what a bulk action is about', () => {
  it('is all that the filter finds when all of them are picked', () => {
    const all = new Set(['a', 'b'])
    expect(targetOf(all, ['a', 'b'], ' status:idle ')).toEqual({ filter: 'status:idle' })
    expect(targetOf(all, ['b', 'a'], '')).toEqual({ all: true })
  })

  it('is what was picked when that is not what the filter finds now', () => {
    expect(targetOf(new Set(['a']), ['a', 'b'], 'status:idle')).toEqual({ ids: ['a'] })
    expect(targetOf(new Set(['a', 'c']), ['a', 'b'], '')).toEqual({ ids: ['a', 'c'] })
    expect(targetOf(new Set(['a', 'b', 'c']), ['a', 'b'], '')).toEqual({ ids: ['a', 'b', 'c'] })
  })

  it('concerns only those that are not so already', () => {
    const [idle, paused, draining] = [agent('a'), agent('b', { paused: true }), agent('c', { draining: true })]
    const of = (name: keyof typeof ACTIONS) => [idle, paused, draining].filter(ACTIONS[name].concerns).map(({ id }) => id)
    expect(of('pause')).toEqual(['a', 'c'])
    expect(of('resume')).toEqual(['b', 'c'])
    expect(of('drain')).toEqual(['a', 'b'])
  })
})
