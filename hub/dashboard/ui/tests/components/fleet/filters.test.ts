import { describe, expect, it } from 'vitest'

import { parseFilter } from '@/components/filters'
import type { FleetAgent } from '@/components/agents'
import { compile, facets } from '@/components/fleet/filters'

import { agent } from '../agents'
import shared from './filterCases.json'

const OFFERS = [['docs'], ['gpu', 'cuda'], []]

function passing(agents: FleetAgent[], ...texts: string[]): string[] {
  return agents.filter(compile(parseFilter(texts.join(' ')), OFFERS)).map((each) => each.id)
}

const FLEET = [
  agent('a1', { status: 'working', offer: 1, host: 'berlin-1', labels: { zone: 'eu', spot: '' } }),
  agent('a2', { status: 'working', paused: true, offer: 0, host: 'berlin-2' }),
  agent('b1', { status: 'offline', offer: 2, host: 'oslo', labels: { zone: 'us' } }),
]

describe('a filter of the fleet', () => {
  it('lets everything through when it says nothing', () => {
    expect(passing(FLEET)).toEqual(['a1', 'a2', 'b1'])
  })

  it('takes any of several statuses', () => {
    expect(passing(FLEET, 'status:working', 'status:offline')).toEqual(['a1', 'a2', 'b1'])
    expect(passing(FLEET, 'status:offline')).toEqual(['b1'])
  })

  it('finds paused agents under what they do as well', () => {
    expect(passing(FLEET, 'status:paused')).toEqual(['a2'])
    expect(passing(FLEET, 'status:working')).toEqual(['a1', 'a2'])
    expect(passing(FLEET, 'status:working', '-status:paused')).toEqual(['a1'])
  })

  it('wants all of several capabilities', () => {
    expect(passing(FLEET, 'cap:gpu', 'cap:cuda')).toEqual(['a1'])
    expect(passing(FLEET, 'cap:gpu', 'cap:docs')).toEqual([])
  })

  it('takes a star for anything, and other signs as they are', () => {
    expect(passing(FLEET, 'host:berlin-*')).toEqual(['a1', 'a2'])
    expect(passing(FLEET, '-host:b*')).toEqual(['b1'])
    expect(passing(FLEET, 'host:berlin.1')).toEqual([])
    expect(passing([agent('x', { host: '(a+' })], 'host:(a+')).toEqual(['x'])
  })

  it('is done at once, however many stars a link has', () => {
    const hostile = `${'*a'.repeat(5_000)}*b`
    expect(passing([agent('x', { host: 'a'.repeat(20_000) })], `host:${hostile}`)).toEqual([])
  })

  it('knows a label by its name, or by name and value', () => {
    expect(passing(FLEET, 'label:zone')).toEqual(['a1', 'b1'])
    expect(passing(FLEET, 'label:zone=e*')).toEqual(['a1'])
    expect(passing(FLEET, 'label:spot')).toEqual(['a1'])
    expect(passing(FLEET, 'label:toString')).toEqual([])
  })

  it('looks for free text in id, name and host', () => {
    const named = [...FLEET, agent('c', { name: 'Builder' })]
    expect(passing(named, 'BUILD')).toEqual(['c'])
    expect(passing(named, 'oslo')).toEqual(['b1'])
    expect(passing(named, '-1')).toEqual(['a2', 'c'])
  })
})

describe('a filter that the hub is told', () => {
  const offers = shared.agents.map((each) => each.capabilities)
  const agents = shared.agents.map((each, offer) => agent(each.id, { ...(each as object), offer }))

  it.each(shared.cases)('means here what it means there: $filter', ({ filter, meant }) => {
    const found = agents.filter(compile(parseFilter(filter), offers)).map((each) => each.id)
    expect(found).toEqual(meant)
  })
})

describe('the counts beside the filter', () => {
  it('count each status that holds, in a steady order', () => {
    expect(facets('status', FLEET, OFFERS)).toEqual([
      { value: 'working', count: 2 },
      { value: 'paused', count: 1 },
      { value: 'offline', count: 1 },
    ])
  })

  it('count capabilities, the most frequent first', () => {
    const more = [...FLEET, agent('a3', { offer: 1 })]
    expect(facets('cap', more, OFFERS).map(({ value, count }) => `${value} ${count}`)).toEqual([
      'cuda 2',
      'gpu 2',
      'docs 1',
    ])
  })

  it('count labels by name and value', () => {
    expect(facets('label', FLEET, OFFERS).map((facet) => facet.value)).toEqual([
      'spot=',
      'zone=eu',
      'zone=us',
    ])
  })
})
