import { flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ref } from 'vue'

import type { FleetAgent } from '@/components/agents'
import type { Session } from '@/api/types'
import { useSession } from '@/stores/session'
import AgentsSection from '@/views/admin/AgentsSection.vue'

import { agent } from '../../components/agents'
import { flaws, show } from '../../components/page'

const REST = { id: 'resting', paused: true, draining: false, pause_note: 'new disks\u202e', paused_until: null }
const CHANGE = { sequence: 7, seq: 7, type: 'agent.status.changed', target: 'resting', timestamp: 1, meta: { actor_id: 'ada' }, payload: {} }
const NOTHING = { items: [], next_cursor: null }
const agents = new Map<string, FleetAgent>()
const tick = ref(0)
const live = {
  agents,
  tick,
  offers: [[]],
  hasPicture: ref(true),
  counters: ref({}),
  now: () => Date.now(),
  onEvents: () => () => undefined,
}
vi.mock('@/live/live', () => ({ useLive: () => live }))

/** What the page asked of the hub: the method and the path, and what it sent. */
const asked: [string, unknown][] = []
const answers: Record<string, object> = {
  '/api/v1/agents': { items: [REST], next_cursor: null },
  '/api/v1/events': { items: [CHANGE], next_cursor: 'e:7', newest: 'e:7', at_end: true },
  '/api/v1/bulk': NOTHING,
  '/api/v1/agents/bulk/preview': { action: 'drain', total: { count: 1, more: false }, already: 0, unknown: 0, sample: [] },
}

function put(...these: FleetAgent[]): void {
  for (const each of these) agents.set(each.id, each)
  tick.value++
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  asked.length = 0
  agents.clear()
  put(agent('resting', { paused: true, host: 'oslo' }), agent('leaving', { draining: true, status: 'draining', running: 1 }), agent('busy', { status: 'working' }))
  HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) {
    this.open = true
  }
  vi.stubGlobal('fetch', async (address: string, request: RequestInit) => {
    const path = address.split('?')[0]!
    asked.push([`${request.method} ${path}`, request.body ? JSON.parse(request.body as string) : null])
    return new Response(JSON.stringify(answers[path] ?? {}))
  })
})
afterEach(() => {
  vi.useRealTimers()
  document.body.innerHTML = ''
})

async function section(role = 'operator') {
  const shown = show(AgentsSection)
  useSession().me = { role } as Session
  await flushPromises()
  const row = (id: string) => shown.findAll('li').find((each) => each.text().includes(id))
  const press = async (label: string) => {
    await shown.findAll('button').find((each) => each.text().startsWith(label))!.trigger('click')
    await flushPromises()
  }
  return { shown, row, press }
}

/** Lets the page look at the fleet again. */
async function later(): Promise<void> {
  await vi.advanceTimersByTimeAsync(600)
}

describe('the agents that get no new work', () => {
  it('are listed with the reason, the end and who did it, and no others', async () => {
    const { shown, row } = await section()
    expect(row('resting')!.text()).toMatch(/Paused: new disks\\u202e\. +Until somebody resumes it\./)
    expect(row('resting')!.text()).toContain('by ada')
    expect(row('leaving')!.text()).toContain('it finishes what it has')
    expect(row('busy')).toBeUndefined()
    vi.useRealTimers()
    expect(await flaws(shown.element)).toEqual([])
  })

  it('say nothing of an end that the hub has not told', async () => {
    put(agent('unread', { paused: true }))
    const { row } = await section()
    expect(row('unread')!.text()).not.toContain('Until somebody')
  })

  it('are seen by viewers, who may not act', async () => {
    const { shown } = await section('viewer')
    const levers = shown.findAll('button').filter((each) => /^(Pause|Drain|Resume)/.test(each.text()))
    expect(levers).toHaveLength(5)
    for (const lever of levers) expect(lever.attributes('title')).toContain('needs the role operator')
    await levers[0]!.trigger('click')
    expect(asked.filter(([what]) => what.startsWith('POST'))).toEqual([])
  })

  it('get work again one by one', async () => {
    const { row } = await section()
    void row('resting')!.find('button').trigger('click')
    await flushPromises()
    expect(asked).toContainEqual(['POST /api/v1/agents/resting/resume', null])
  })

  it('are resumed all at once, and those that a filter finds are drained, after a count', async () => {
    const { shown, press } = await section()
    await press('Resume all 2')
    expect(asked).toContainEqual(['POST /api/v1/agents/bulk/preview', { action: 'resume', all: true }])
    await press('Keep as they are')
    await shown.getComponent({ name: 'FilterBar' }).vm.$emit('update:modelValue', 'host:oslo')
    await flushPromises()
    await press('Drain these 1')
    expect(asked).toContainEqual(['POST /api/v1/agents/bulk/preview', { action: 'drain', filter: 'host:oslo' }])
    await press('Drain 1 agent')
    expect(asked).toContainEqual(['POST /api/v1/agents/bulk', { action: 'drain', filter: 'host:oslo' }])
  })

  it('stand still while somebody is at the list', async () => {
    const { shown, row, press } = await section()
    await shown.get('.card').trigger('focusin')
    put(agent('another', { paused: true }), agent('resting'))
    await later()
    expect(row('another')).toBeUndefined()
    expect(row('resting')!.text()).toContain('It gets work again.')
    await press('Show the list of now')
    expect(row('another')).toBeDefined()
    expect(row('resting')).toBeUndefined()
  })

  it('are none, and there is the command that makes some', async () => {
    put(agent('resting'), agent('leaving'))
    const { shown } = await section()
    expect(shown.text()).toContain('No agent is paused or draining')
    expect(shown.get('code').text()).toBe("corral agents drain --filter 'host:NAME'")
  })
})
