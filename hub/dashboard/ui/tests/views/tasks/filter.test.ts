import { describe, expect, it } from 'vitest'

import { meaningOf, moment, queryOf, searchOf, statesIn, targetOf, toggledState } from '@/views/tasks/filter'

const NOW = Date.UTC(2026, 10, 21, 12)
const conditions = (text: string) => meaningOf(text, NOW).conditions
const flaws = (text: string) => meaningOf(text, NOW).flaws

describe('what a filter means', () => {
  it('any of several states, in the words of people', () => {
    expect(conditions('state:failed state:done state:running')).toEqual({ state: ['dead_letter', 'completed', 'running'] })
  })

  it('all others, when a state is to be left out', () => {
    expect(conditions('-state:done -state:failed').state).toEqual(['queued', 'assigned', 'running', 'scheduled', 'cancelled'])
  })

  it('all of several labels', () => {
    expect(conditions('label:team=ops label:"site=north hall"')).toEqual({ labels: { team: 'ops', site: 'north hall' } })
  })

  it('one label, when it is there twice', () => {
    expect(conditions('label:team=ops label:team=ops')).toEqual({ labels: { team: 'ops' } })
    expect(flaws('label:team=ops label:team=ops')).toEqual([])
  })

  it('free words are parts of the id or the description', () => {
    expect(conditions('nightly state:queued build')).toEqual({ text: 'nightly build', state: ['queued'] })
  })

  it('a range of times', () => {
    expect(conditions('after:6h before:15m')).toEqual({ created_after: NOW - 6 * 3_600_000, created_before: NOW - 900_000 })
  })

  it.each(['state:flying', 'priority:9', 'label:alone', 'after:soon', '-agent:a', 'agent:a agent:b', 'after:6h after:1h', 'before:1h before:6h', 'label:a=b label:a=c', 'label:__proto__=b label:__proto__=c', 'colour:red', 'constructor:a', '__proto__:a', 'state:constructor'])('%s is answered by a sentence', (text) => {
    expect(flaws(text)).toHaveLength(1)
  })

  it('says so when nothing is left', () => {
    expect(flaws('-priority:urgent -priority:high -priority:normal -priority:low')).toEqual(['No priority is left.'])
  })
})

describe('moments', () => {
  it('are ages or dates', () => {
    expect(moment('7d', NOW)).toBe(NOW - 7 * 86_400_000)
    expect(moment('2026-11-20T10:00Z', NOW)).toBe(Date.UTC(2026, 10, 20, 10))
    expect(moment('2026-13-45', NOW)).toBeNull()
    expect(moment('yesterday', NOW)).toBeNull()
  })
})

describe('a filter for the hub', () => {
  it('has labels as pairs', () => {
    expect(queryOf({ labels: { team: 'ops' }, state: ['queued'] })).toEqual({ label: ['team=ops'], state: ['queued'] })
  })

  it('names every state when it means all tasks, because a bulk action wants a condition', () => {
    expect(targetOf({}).state).toHaveLength(7)
    expect(targetOf({ agent: 'a' })).toEqual({ agent: 'a' })
  })

  it('is a search of everything when it has only words and states', () => {
    expect(searchOf('gpu driver state:failed')).toBe('gpu driver')
    expect(searchOf('gpu agent:a')).toBeNull()
    expect(searchOf('g')).toBeNull()
    expect(searchOf('text:gpu')).toBeNull()
  })
})

describe('states of the buttons', () => {
  it('are put in and taken out', () => {
    expect(toggledState('nightly', 'completed')).toBe('state:done nightly')
    expect(toggledState('state:completed nightly', 'completed')).toBe('nightly')
    expect(statesIn('state:failed -state:queued')).toEqual(['dead_letter'])
  })
})
