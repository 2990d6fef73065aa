import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'

import type { Agent, AgentRow } from '@/api/types'

import { FakeSocket } from './socket'
import { row, snapshot } from './rows'

/** The hub of these tests: answers what it is given, and counts how often it was asked. */
const hub = { snapshot: snapshot(0, []), asked: [] as string[], session: 200, slowMs: 0, refuses: 0 }

async function freshLive() {
  vi.resetModules()
  setActivePinia(createPinia())
  const { useLive } = await import('@/live/live')
  const live = useLive()
  live.start()
  return live
}

function greet(seq: number, resumed: boolean, epoch = 'e1') {
  FakeSocket.last.says({ type: 'hello', epoch, seq, at: Date.now(), resumed, beat_ms: 10_000 })
}
const delta = (seq: number, rest: object = {}) => FakeSocket.last.says({ type: 'delta', seq, at: Date.now(), ...rest })
const shown = (live: Awaited<ReturnType<typeof freshLive>>) => [...live.agents.values()].map(({ id, status }) => `${id} ${status}`)
const serve = (seq: number, agents: AgentRow[], epoch = 'e1') => (hub.snapshot = snapshot(seq, agents, epoch))
const snapshotsAsked = () => hub.asked.filter((path) => path.includes('scope=agents')).length

beforeEach(() => {
  FakeSocket.forget()
  hub.asked = []
  hub.session = 200
  hub.slowMs = 0
  hub.refuses = 0
  vi.stubGlobal('WebSocket', Object.assign(FakeSocket, { OPEN: 1, CLOSED: 3 }))
  vi.stubGlobal('requestAnimationFrame', (call: () => void) => setTimeout(call, 0))
  vi.stubGlobal('fetch', async (path: string) => {
    hub.asked.push(path)
    if (path === '/api/v1/session') return new Response(JSON.stringify({ role: 'viewer' }), { status: hub.session })
    if (hub.refuses > 0 && path.includes('scope=agents')) return new Response('{}', { status: hub.refuses })
    const answer = JSON.stringify(hub.snapshot)
    if (hub.slowMs > 0) await new Promise((later) => setTimeout(later, hub.slowMs))
    return new Response(answer)
  })
})

describe('the live picture', () => {
  it('begins with a snapshot and follows the deltas', async () => {
    serve(5, [row('a'), row('b')])
    const live = await freshLive()
    greet(5, false)
    await vi.waitFor(() => expect(live.status.value).toBe('live'))
    delta(6, { agents: [row('a', 'working')] })
    await vi.waitFor(() => expect(shown(live)).toEqual(['a working', 'b idle']))
  })

  it('applies what came while the snapshot was under way, and not twice', async () => {
    serve(6, [row('a', 'working')])
    const live = await freshLive()
    greet(5, false)
    delta(6, { agents: [row('a', 'draining')] })
    delta(7, { agents: [row('b')] })
    await vi.waitFor(() => expect(shown(live)).toEqual(['a working', 'b idle']))
  })

  it('draws once for all deltas of a frame', async () => {
    serve(1, [row('a')])
    const live = await freshLive()
    greet(1, false)
    await vi.waitFor(() => expect(live.status.value).toBe('live'))
    await vi.waitFor(() => expect(live.tick.value).toBe(1))
    for (let seq = 2; seq < 30; seq++) delta(seq, { agents: [row('a', 'working', seq)] })
    await vi.waitFor(() => expect(live.agents.get('a')!.running).toBe(29))
    expect(live.tick.value).toBe(2)
  })

  it('asks the hub to go on from what it has when a number is missing', async () => {
    serve(1, [row('a')])
    const live = await freshLive()
    greet(1, false)
    await vi.waitFor(() => expect(live.status.value).toBe('live'))
    delta(3, { agents: [row('a', 'working')] })
    await vi.waitFor(() => expect(FakeSocket.all).toHaveLength(2))
    expect(FakeSocket.last.address).toContain('epoch=e1&since=1')
    expect(shown(live)).toEqual(['a idle'])
    greet(3, true)
    delta(2)
    delta(3, { agents: [row('a', 'working')] })
    await vi.waitFor(() => expect(shown(live)).toEqual(['a working']))
    expect(snapshotsAsked()).toBe(1)
  })

  it('takes a new snapshot from a hub that has started anew', async () => {
    serve(40, [row('a')])
    const live = await freshLive()
    greet(40, false)
    await vi.waitFor(() => expect(live.status.value).toBe('live'))
    serve(0, [row('b')], 'e2')
    FakeSocket.last.dies()
    expect(live.status.value).toBe('reconnecting')
    await vi.waitFor(() => expect(FakeSocket.all).toHaveLength(2), 2_000)
    greet(0, false, 'e2')
    await vi.waitFor(() => expect(shown(live)).toEqual(['b idle']))
    delta(1, { gone: ['b'] })
    await vi.waitFor(() => expect(shown(live)).toEqual([]))
  })

  it('says why the hub turns it away, until it is let in', async () => {
    serve(1, [row('a')])
    const live = await freshLive()
    FakeSocket.last.dies(4003, 'you have 32 pages open already')
    expect([live.status.value, live.refusal.value]).toEqual(['refused', 'you have 32 pages open already'])
    live.retry()
    expect(live.status.value).toBe('refused')
    greet(1, false)
    await vi.waitFor(() => expect(live.status.value).toBe('live'))
    FakeSocket.last.dies()
    expect(live.status.value).toBe('reconnecting')
    live.stop()
  })

  it('tells of what agents offer as of now, not as of when it was asked for', async () => {
    serve(1, [row('a')])
    const live = await freshLive()
    expect(live.offers).toEqual([])
    greet(1, false)
    await vi.waitFor(() => expect(live.offers).toEqual([['gpu']]))
    const before = live.offers
    delta(2, { offers: { 1: ['rust'] } })
    await vi.waitFor(() => expect(live.offers).toEqual([['gpu'], ['rust']]))
    expect(before).toEqual([['gpu']])
    expect(live.capabilities({ offer: 1 } as Agent)).toEqual(['rust'])
  })

  it('takes a new snapshot when it was too slow', async () => {
    serve(1, [row('a')])
    const live = await freshLive()
    greet(1, false)
    await vi.waitFor(() => expect(live.status.value).toBe('live'))
    serve(90, [row('z')])
    FakeSocket.last.says({ type: 'reset', seq: 90, reason: 'too slow' })
    await vi.waitFor(() => expect(shown(live)).toEqual(['z idle']))
  })

  it('waits with what comes behind a snapshot that is under way', async () => {
    serve(1, [row('a')])
    const live = await freshLive()
    greet(1, false)
    await vi.waitFor(() => expect(live.status.value).toBe('live'))
    serve(90, [row('z')])
    hub.slowMs = 50
    delta(2)
    FakeSocket.last.says({ type: 'reset', seq: 90, reason: 'too slow' })
    delta(91, { agents: [row('z', 'working')] })
    await vi.waitFor(() => expect(shown(live)).toEqual(['z working']))
    expect(FakeSocket.all).toHaveLength(1)
  })

  it.each([429, 503])('draws nothing and keeps its socket while the hub refuses a snapshot with %i', async (status) => {
    serve(1, [row('a')])
    const live = await freshLive()
    greet(1, false)
    await vi.waitFor(() => expect(live.status.value).toBe('live'))
    serve(90, [row('z')])
    hub.refuses = status
    FakeSocket.last.says({ type: 'reset', seq: 90, reason: 'too slow' })
    await vi.waitFor(() => expect(snapshotsAsked()).toBe(2))
    for (let seq = 91; seq < 100; seq++) {
      delta(seq, { agents: [row('z', 'working', seq)] })
      await new Promise(requestAnimationFrame)
    }
    expect([FakeSocket.all.length, snapshotsAsked(), shown(live)]).toEqual([1, 2, ['a idle']])
    hub.refuses = 0
    await vi.waitFor(() => expect(shown(live)).toEqual(['z working']), 2_000)
    expect(FakeSocket.all).toHaveLength(1)
  })

  it('asks for a new snapshot at once on a new socket, and leaves the one that hangs', async () => {
    serve(1, [row('a')])
    const live = await freshLive()
    hub.slowMs = 100_000
    greet(1, false)
    await vi.waitFor(() => expect(snapshotsAsked()).toBe(1))
    hub.slowMs = 0
    live.retry()
    greet(1, false)
    await vi.waitFor(() => expect(shown(live)).toEqual(['a idle']))
    expect(snapshotsAsked()).toBe(2)
  })

  it('shows the numbers of a hidden page without leaving its place', async () => {
    serve(4, [row('a')])
    const live = await freshLive()
    greet(4, false)
    await vi.waitFor(() => expect(live.status.value).toBe('live'))
    delta(0, { counters: { readers: 9 } })
    expect(live.counters.value!.readers).toBe(9)
    delta(5, { gone: ['a'] })
    await vi.waitFor(() => expect(shown(live)).toEqual([]))
  })

  it('tells listeners of tasks and events until they stop', async () => {
    serve(1, [])
    const live = await freshLive()
    const heard: string[] = []
    greet(1, false)
    await vi.waitFor(() => expect(live.status.value).toBe('live'))
    const stop = live.onTasks((tasks) => heard.push(...tasks.map((task) => `${task.id} ${task.state}`)))
    delta(2, { tasks: [['task-1', 'queued', 1, 0, null, null, 1]] })
    await vi.waitFor(() => expect(heard).toEqual(['task-1 queued']))
    stop()
    delta(3, { tasks: [['task-1', 'running', 2, 1, 'a', 0, 2]] })
    delta(4, { agents: [row('seen')] })
    await vi.waitFor(() => expect(live.agents.has('seen')).toBe(true))
    expect(heard).toHaveLength(1)
  })

  it('tells of steps, and of a loss in which some may have been missed', async () => {
    serve(1, [])
    const live = await freshLive()
    const heard: (number | null)[] = []
    live.onSteps((step) => heard.push(step?.values.running ?? null))
    greet(1, false)
    await vi.waitFor(() => expect(live.status.value).toBe('live'))
    const step = { type: 'step', at: Date.now() - 5_000, values: { running: 7 } }
    FakeSocket.last.says(step)
    expect([heard, live.status.value]).toEqual([[7], 'live'])
    FakeSocket.last.dies()
    await vi.waitFor(() => expect(FakeSocket.all).toHaveLength(2), 2_000)
    greet(1, true)
    FakeSocket.last.says(step)
    expect(heard).toEqual([7, null, 7])
  })

  it('takes the lag of a beat too', async () => {
    serve(1, [])
    const live = await freshLive()
    greet(1, false)
    await vi.waitFor(() => expect(live.status.value).toBe('live'))
    FakeSocket.last.says({ type: 'beat', seq: 1, at: Date.now() - 5_000 })
    expect(live.status.value).toBe('behind')
    FakeSocket.last.says({ type: 'beat', seq: 1, at: Date.now() })
    expect(live.status.value).toBe('live')
  })

  it('knows a lag that was there from the first message', async () => {
    serve(1, [])
    const live = await freshLive()
    await vi.waitFor(() => expect(live.counters.value).not.toBeNull())
    greet(1, false)
    await vi.waitFor(() => expect(live.status.value).toBe('live'))
    for (let n = 0; n < 1_300; n++) FakeSocket.last.says({ type: 'beat', seq: 1, at: Date.now() - 3_000 })
    expect(live.status.value).toBe('behind')
    expect(hub.asked.filter((path) => path.includes('scope=summary'))).toHaveLength(1)
  })

  it('is behind while a snapshot does not come', async () => {
    serve(1, [])
    const live = await freshLive()
    greet(1, false)
    await vi.waitFor(() => expect(live.status.value).toBe('live'))
    hub.slowMs = 100_000
    FakeSocket.last.says({ type: 'reset', seq: 90, reason: 'too slow' })
    expect(live.status.value).toBe('behind')
    const later = Date.now() + 5_000
    vi.spyOn(Date, 'now').mockImplementation(() => later)
    await vi.waitFor(() => expect(live.lagMs.value).toBeGreaterThan(2_000), 2_500)
  })

  it('asks whether the session is over when the socket is lost', async () => {
    serve(1, [])
    const live = await freshLive()
    greet(1, false)
    await vi.waitFor(() => expect(live.status.value).toBe('live'))
    FakeSocket.last.dies()
    await vi.waitFor(() => expect(hub.asked).toContain('/api/v1/session'))
  })

  it('stops for good when the hub says that the session ended', async () => {
    serve(1, [])
    await freshLive()
    greet(1, false)
    FakeSocket.last.says({ type: 'ended', reason: 'logged out' })
    expect(FakeSocket.last.readyState).toBe(3)
  })
})
