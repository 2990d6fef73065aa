import { describe, expect, it } from 'vitest'

import { planFor } from '@/views/fleet/actions'
import { standing } from '@/components/agents'
import { shownStanding } from '@/views/fleet/pending'

import { agent, fleet } from '../../components/agents'

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

describe('the plan of a bulk action', () => {
  const agents = fleet(agent('a'), agent('b', { paused: true }), agent('c', { draining: true }))

  it('leaves out whom it does not concern, and says who is gone', () => {
    expect(planFor('pause', ['a', 'b', 'gone'], agents)).toEqual({
      send: ['a'],
      already: ['b'],
      gone: ['gone'],
    })
    expect(planFor('resume', ['a', 'b', 'c'], agents).send).toEqual(['b', 'c'])
    expect(planFor('drain', ['a', 'c'], agents).already).toEqual(['c'])
  })
})
