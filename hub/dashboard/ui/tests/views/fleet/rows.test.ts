import { effectScope, ref, shallowRef, type EffectScope } from 'vue'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { parseFilter } from '@/components/filters'
import type { FleetAgent } from '@/components/agents'
import { readSort } from '@/views/fleet/order'
import { useFleetRows, type FleetRows } from '@/views/fleet/rows'

import { agent, fleet } from '../../components/agents'

const picture = vi.hoisted(() => ({ agents: new Map(), tick: { value: 0 } }))
vi.mock('@/live/live', () => ({ useLive: () => ({ ...picture, offers: [] }) }))

let scope: EffectScope
const isHeld = ref(false)
const text = ref('')

/** The rows, as the table has them. */
function begin(...agents: FleetAgent[]): FleetRows {
  picture.agents = fleet(...agents)
  picture.tick = ref(0)
  const tokens = shallowRef(parseFilter(text.value))
  return scope.run(() => useFleetRows(tokens, ref(readSort('')), isHeld)) as FleetRows
}

/** The live picture changes, and enough time goes by for the table to look. */
async function happens(...agents: FleetAgent[]): Promise<void> {
  for (const each of agents) picture.agents.set(each.id, each)
  picture.tick.value += 1
  await vi.advanceTimersByTimeAsync(600)
}

beforeEach(() => {
  vi.useFakeTimers()
  scope = effectScope()
  isHeld.value = false
  text.value = ''
})
afterEach(() => {
  scope.stop()
  vi.useRealTimers()
})

describe('the rows of the fleet', () => {
  it('take in who comes, while nobody is at the table', async () => {
    const rows = begin(agent('b'))
    await happens(agent('a'))
    expect(rows.shown.value).toEqual(['a', 'b'])
    expect(rows.waiting.value).toBe(0)
  })

  it('stay where they are while somebody is, and say how many have changed', async () => {
    const rows = begin(agent('b'))
    isHeld.value = true
    await happens(agent('a'), agent('c'))
    expect(rows.shown.value).toEqual(['b'])
    expect(rows.waiting.value).toBe(2)
  })

  it('catch up when asked to, or when nobody is there any more', async () => {
    const rows = begin(agent('b'))
    isHeld.value = true
    await happens(agent('a'))
    rows.catchUp()
    expect(rows.shown.value).toEqual(['a', 'b'])
    await happens(agent('c'))
    isHeld.value = false
    await vi.advanceTimersByTimeAsync(600)
    expect(rows.shown.value).toEqual(['a', 'b', 'c'])
    expect(rows.waiting.value).toBe(0)
  })

  it('show the first agents at once, also when somebody is there already', async () => {
    const rows = begin()
    isHeld.value = true
    picture.agents.set('a', agent('a'))
    picture.tick.value += 1
    await vi.advanceTimersByTimeAsync(0)
    expect(rows.shown.value).toEqual(['a'])
  })

  it('are those that match now, whatever is shown', async () => {
    text.value = '-b'
    const rows = begin(agent('a'), agent('b'))
    isHeld.value = true
    await happens(agent('c'))
    expect(rows.shown.value).toEqual(['a'])
    expect(rows.matching()).toEqual(['a', 'c'])
  })
})
