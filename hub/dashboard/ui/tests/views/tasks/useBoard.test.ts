import { flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, ref, shallowRef, type EffectScope } from 'vue'

import type { LiveTask, StateName, TaskConditions } from '@/api/types'
import { rowOf } from '@/views/tasks/rows'
import { useBoard } from '@/views/tasks/useBoard'

import { change, task } from './tasks'

const deaf = vi.hoisted(() => (_tasks: LiveTask[], _more: boolean): void => undefined)
const socket = vi.hoisted(() => ({ tell: deaf }))
vi.mock('@/live/live', () => ({
  useLive: () => ({ onTasks: (call: typeof deaf) => ((socket.tell = call), () => (socket.tell = deaf)) }),
}))

/** The hub of these tests: the tasks it has, by state, and which states it was asked for. */
const hub = { tasks: new Map<string, string[]>(), asked: [] as string[], isDown: false }
let scope: EffectScope

beforeEach(() => {
  vi.useFakeTimers()
  scope = effectScope()
  hub.tasks = new Map([['queued', ['a', 'b']], ['running', ['c']]])
  hub.asked = []
  hub.isDown = false
  vi.stubGlobal('fetch', async (address: string) => {
    const state = new URL(address, 'http://hub').searchParams.get('state')!
    hub.asked.push(state)
    if (hub.isDown) throw new TypeError('unreachable')
    const ids = hub.tasks.get(state) ?? []
    const items = ids.map((id) => task(id, { state: state as StateName }))
    return new Response(JSON.stringify({ items, next_cursor: null, total: { count: ids.length, more: false } }))
  })
})
afterEach(() => {
  scope.stop()
  vi.useRealTimers()
})

async function board(wanted: TaskConditions = { state: ['queued', 'running'] }) {
  const [conditions, isHeld] = [shallowRef(wanted), ref(false)]
  const made = scope.run(() => useBoard(conditions, isHeld))!
  await flushPromises()
  hub.asked = []
  const cards = (state: StateName) => made.columns.value.get(state)?.rows.map(({ id }) => id)
  return { ...made, conditions, isHeld, cards }
}

async function later(): Promise<void> {
  await vi.advanceTimersByTimeAsync(1_300)
}

describe('the board', () => {
  it('has a column for each state that is looked for', async () => {
    const { columns, cards, conditions } = await board()
    expect([...columns.value.keys()].sort()).toEqual(['queued', 'running'])
    expect([cards('queued'), columns.value.get('queued')?.total]).toEqual([['a', 'b'], 2])
    conditions.value = { state: ['running'] }
    await flushPromises()
    expect([...columns.value.keys()]).toEqual(['running'])
  })

  it('changes a card in its place at once, and asks only for the columns that changed', async () => {
    const { columns, cards } = await board()
    socket.tell([change('c', { state: 'running', percent: 40, version: 2 })], false)
    expect(columns.value.get('running')?.rows[0]?.percent).toBe(40)
    hub.tasks = new Map([['queued', ['a']], ['running', ['c', 'b']]])
    socket.tell([change('b', { state: 'running', version: 2 })], false)
    expect(cards('queued')).toEqual(['a', 'b'])
    await later()
    expect(hub.asked.sort()).toEqual(['queued', 'running'])
    expect([cards('queued'), cards('running')]).toEqual([['a'], ['c', 'b']])
  })

  it('moves no card while somebody points at it', async () => {
    const { isHeld, cards, dirty } = await board()
    isHeld.value = true
    hub.tasks = new Map([['running', ['b', 'c']]])
    socket.tell([change('b', { state: 'running', version: 2 })], false)
    await later()
    expect(cards('queued')).toEqual(['a', 'b'])
    expect([...dirty.value].sort()).toEqual(['queued', 'running'])
    isHeld.value = false
    await flushPromises()
    expect([cards('queued'), cards('running')]).toEqual([[], ['b', 'c']])
  })

  it('reads every column when more happened than was told', async () => {
    await board()
    socket.tell([], true)
    await later()
    expect(hub.asked.sort()).toEqual(['queued', 'running'])
  })

  it('moves a card that the hub has moved, and counts it once', async () => {
    const { columns, cards, move } = await board()
    move(rowOf(task('b', { state: 'running' })))
    expect([cards('queued'), cards('running')]).toEqual([['a'], ['b', 'c']])
    move(rowOf(task('b', { state: 'running' })))
    expect([columns.value.get('queued')?.total, columns.value.get('running')?.total]).toEqual([1, 2])
  })

  it('keeps its cards when the hub does not answer, and says so until it does', async () => {
    const { error, cards, dirty } = await board()
    hub.isDown = true
    socket.tell([], true)
    await later()
    expect(error.value).not.toBeNull()
    expect(cards('queued')).toEqual(['a', 'b'])
    hub.isDown = false
    hub.asked = []
    socket.tell([change('a')], false)
    await later()
    expect(hub.asked.sort()).toEqual(['queued', 'running'])
    expect([error.value, dirty.value.size]).toEqual([null, 0])
  })

  it.each([0, 1])('asks nothing more when it is left, also with %i news before', async (before) => {
    await board()
    if (before > 0) socket.tell([], true)
    scope.stop()
    socket.tell([], true)
    await later()
    expect(hub.asked).toEqual([])
  })

  it('forgets an answer about what is not looked for any more', async () => {
    const { conditions, columns, error } = await board()
    socket.tell([], true)
    vi.advanceTimersByTime(1_300)
    conditions.value = { state: ['cancelled'] }
    await flushPromises()
    expect([...columns.value.keys()]).toEqual(['cancelled'])
    expect(error.value).toBeNull()
  })
})
