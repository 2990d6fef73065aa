import { describe, expect, it } from 'vitest'

import type { FleetAgent } from '@/components/agents'
import { arrange, changes, comparing, isSame, readSort, sortText } from '@/views/fleet/order'

import { agent, fleet } from '../../components/agents'

const ALL = () => true

function sorted(agents: FleetAgent[], text: string): string[] {
  return arrange(fleet(...agents), [], ALL, comparing(readSort(text), [['gpu'], ['docs'], []]))
}

describe('the order of the fleet', () => {
  const agents = [
    agent('c', { status: 'idle', running: 0, slots: 4, host: 'x', offer: 2 }),
    agent('a', { status: 'offline', seen_at: 5, running: 1, slots: 1, offer: 1 }),
    agent('b', { status: 'working', running: 2, slots: 4, host: 'w', offer: 0 }),
  ]

  it('is by id when nothing else is asked for', () => {
    expect(sorted(agents, '')).toEqual(['a', 'b', 'c'])
    expect(sorted(agents, 'nonsense:desc')).toEqual(['a', 'b', 'c'])
  })

  it('follows the column, either way', () => {
    expect(sorted(agents, 'status')).toEqual(['b', 'c', 'a'])
    expect(sorted(agents, 'running:desc')).toEqual(['b', 'a', 'c'])
    expect(sorted(agents, 'slots')).toEqual(['c', 'b', 'a'])
  })

  it('puts agents without a host or a capability last', () => {
    expect(sorted(agents, 'host')).toEqual(['b', 'c', 'a'])
    expect(sorted(agents, 'cap')).toEqual(['a', 'b', 'c'])
  })

  it('counts an agent that is there as seen now, and one that never was as seen first', () => {
    const more = [...agents, agent('never', { status: 'offline' })]
    expect(sorted(more, 'seen:desc')).toEqual(['b', 'c', 'a', 'never'])
  })

  it('goes by id among those alike, whichever way', () => {
    const alike = [agent('b'), agent('a'), agent('c')]
    expect(sorted(alike, 'running:desc')).toEqual(['a', 'b', 'c'])
  })

  it('leaves out who is gone and who does not pass, and takes in who is new', () => {
    const here = fleet(agent('a'), agent('b'), agent('new'))
    const next = arrange(here, ['gone', 'b', 'a'], (each) => each.id !== 'a', comparing(readSort(''), []))
    expect(next).toEqual(['b', 'new'])
  })

  it('is written in the address, but for the one that needs no word', () => {
    expect(sortText(readSort('seen:desc'))).toBe('seen:desc')
    expect(sortText(readSort('host'))).toBe('host')
    expect(sortText(readSort(undefined))).toBeUndefined()
  })
})

describe('the number of changes behind a frozen order', () => {
  it('is zero while nothing would move', () => {
    expect(changes(['a', 'b'], ['a', 'b'])).toBe(0)
  })

  it('counts a new row once, wherever it comes in', () => {
    expect(changes(['a', 'b', 'c'], ['new', 'a', 'b', 'c'])).toBe(1)
  })

  it('counts a row that left and one that moved', () => {
    expect(changes(['a', 'b', 'c'], ['a', 'c'])).toBe(1)
    expect(changes(['a', 'b', 'c', 'd'], ['d', 'a', 'b', 'c'])).toBe(1)
    expect(changes(['a', 'b', 'c', 'd'], ['d', 'new', 'a', 'b'])).toBe(3)
  })

  it('tells equal orders from others', () => {
    expect(isSame(['a', 'b'], ['a', 'b'])).toBe(true)
    expect(isSame(['a', 'b'], ['b', 'a'])).toBe(false)
    expect(isSame(['a'], ['a', 'b'])).toBe(false)
  })
})
