import { describe, expect, it } from 'vitest'

import type { FleetAgent } from '@/components/agents'
import { LEVELS, faceOf, levelOf, shareOf, statusOf, tally } from '@/components/map/faces'
import { groupsOf, ordered, readGrouping } from '@/components/map/groups'

import { agent as idle } from '../agents'

function agent(but: Partial<FleetAgent> = {}): FleetAgent {
  return idle(but.id ?? 'a', { name: 'a', slots: 4, host: 'h', ...but })
}

const OFFERS = [['docs'], ['gpu', 'docs'], []]
const capabilities = (each: FleetAgent) => OFFERS[each.offer] ?? []

describe('grouping', () => {
  it('orders names as people count', () => {
    const names = ordered(['w10', 'w9', 'w1'].map((name) => agent({ id: name, name }))).map((each) => each.name)
    expect(names).toEqual(['w1', 'w9', 'w10'])
  })

  it('puts the largest group first, and keeps the order inside', () => {
    const agents = ['x', 'y', 'y', 'x', 'y'].map((host, index) => agent({ id: `${index}`, host }))
    expect(groupsOf(agents, 'host', capabilities)).toEqual([
      { key: 'y', label: 'y', members: [1, 2, 4] },
      { key: 'x', label: 'x', members: [0, 3] },
    ])
  })

  it('knows capabilities by all of them, and those that have none', () => {
    const agents = [1, 0, 2].map((offer) => agent({ offer }))
    const labels = groupsOf(agents, 'capability', capabilities).map((group) => group.label)
    expect(labels.sort()).toEqual(['docs', 'gpu, docs', 'no capabilities'])
  })

  it('lists statuses in their own order', () => {
    const agents = (['offline', 'idle', 'working'] as const).map((status) => agent({ status }))
    expect(groupsOf(agents, 'status', capabilities).map((group) => group.key)).toEqual(['working', 'idle', 'offline'])
  })

  it('gathers what would be too many names', () => {
    const agents = Array.from({ length: 500 }, (_, index) => agent({ id: `${index}`, host: `h${index}` }))
    const groups = groupsOf(agents, 'host', capabilities)
    expect(groups).toHaveLength(80)
    expect(groups.at(-1)?.label).toBe('421 others')
    expect(groups.flatMap((group) => group.members)).toHaveLength(500)
  })

  it('takes hosts without being asked only when they tell something', () => {
    const many = (hosts: number, each: number) =>
      Array.from({ length: hosts * each }, (_, index) => agent({ host: `h${index % hosts}` }))
    expect(readGrouping(undefined, many(3, 8))).toBe('host')
    expect(readGrouping(undefined, many(1, 8))).toBe('none')
    expect(readGrouping(undefined, many(20, 1))).toBe('none')
    expect(readGrouping('status', many(3, 8))).toBe('status')
    expect(readGrouping('nonsense', many(1, 1))).toBe('none')
  })
})

describe('a face', () => {
  it.each([
    [0, 4, 0],
    [4, 4, LEVELS],
    [9, 4, LEVELS],
    [1, 1_000, 1],
    [999, 1_000, LEVELS - 1],
    [0, 0, 0],
  ])('of %s in %s slots has level %s', (running, slots, level) => {
    expect(levelOf(running, slots)).toBe(level)
  })

  it('tells the status and the share again', () => {
    const face = faceOf(agent({ status: 'working', running: 2 }))
    expect(statusOf(face)).toBe('working')
    expect(shareOf(face)).toBe(0.5)
  })

  it('shows what people decided before what the agent does', () => {
    expect(statusOf(faceOf(agent({ status: 'working', paused: true })))).toBe('paused')
    expect(statusOf(faceOf(agent({ status: 'offline', paused: true })))).toBe('offline')
    expect(statusOf(faceOf(agent({ active: false })))).toBe('inactive')
    expect(statusOf(faceOf(agent({ status: 'a word of tomorrow' as 'idle' })))).toBe('offline')
  })

  it('is counted by status', () => {
    const faces = [agent(), agent({ running: 2, status: 'working' }), agent()].map(faceOf)
    const counts = tally(faces).filter((each) => each.count > 0)
    expect(counts).toEqual([{ status: 'working', count: 1 }, { status: 'idle', count: 2 }])
  })
})
