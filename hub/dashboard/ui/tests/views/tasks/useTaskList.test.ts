import { flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, ref, shallowRef, type EffectScope } from 'vue'

import type { LiveTask, TaskConditions, TaskView } from '@/api/types'
import { rowOf } from '@/views/tasks/rows'
import { useTaskList } from '@/views/tasks/useTaskList'

import { change, task } from './tasks'

const deaf = vi.hoisted(() => (_tasks: LiveTask[], _more: boolean): void => undefined)
const socket = vi.hoisted(() => ({ tell: deaf }))
const status = ref('live')
vi.mock('@/live/live', () => ({
  useLive: () => ({ status, onTasks: (call: typeof deaf) => ((socket.tell = call), () => (socket.tell = deaf)) }),
}))

/** The hub of these tests: its tasks, newest first, and what it was asked for. Cursors name the last task that was given. */
const hub = { tasks: [] as TaskView[], asked: [] as URLSearchParams[], isDown: false }
let scope: EffectScope

function tasks(count: number, name = 'old'): TaskView[] {
  return Array.from({ length: count }, (_, n) => task(`${name}-${n}`))
}

beforeEach(() => {
  vi.useFakeTimers()
  scope = effectScope()
  status.value = 'live'
  Object.assign(hub, { tasks: tasks(3), asked: [], isDown: false })
  vi.stubGlobal('fetch', async (address: string) => {
    const query = new URL(address, 'http://hub').searchParams
    hub.asked.push(query)
    if (hub.isDown) throw new TypeError('unreachable')
    const wanted = hub.tasks.filter(({ state }) => query.get('state') === null || state === query.get('state'))
    const cursor = query.get('cursor')
    const begin = cursor === null ? 0 : wanted.findIndex(({ id }) => id === cursor) + 1
    const items = wanted.slice(begin, begin + Number(query.get('limit')))
    const next_cursor = begin + items.length < wanted.length ? items.at(-1)!.id : null
    const total = query.get('count') === 'true' ? { count: wanted.length, more: false } : null
    return new Response(JSON.stringify({ items, next_cursor, skipped: 0, total }))
  })
})
afterEach(() => {
  scope.stop()
  vi.useRealTimers()
})

async function list(isHeldNow = false) {
  const [conditions, isHeld] = [shallowRef<TaskConditions>({}), ref(isHeldNow)]
  const made = scope.run(() => useTaskList(conditions, isHeld))!
  await flushPromises()
  hub.asked = []
  const ids = () => Array.from({ length: made.count() }, (_, n) => made.at(n)?.id)
  return { ...made, conditions, isHeld, ids }
}

/** New tasks come to the hub, and it tells of the last of them. */
async function come(...news: TaskView[]): Promise<void> {
  hub.tasks = [...news, ...hub.tasks]
  socket.tell([change(news[0]!.id, { version: 1 })], false)
  await vi.advanceTimersByTimeAsync(1_600)
}

describe('the list of tasks', () => {
  it('shows what the filter means, and begins anew with another one', async () => {
    hub.tasks = [task('a'), task('b', { state: 'running' })]
    const { ids, conditions, isLoading } = await list()
    expect([ids(), isLoading.value]).toEqual([['a', 'b'], false])
    conditions.value = { state: ['running'] }
    await flushPromises()
    expect(ids()).toEqual(['b'])
  })

  it('changes a row in its place without asking, and never back to what was before', async () => {
    const { at, revision } = await list()
    const before = revision.value
    socket.tell([change('old-1', { state: 'running', version: 5 })], false)
    expect([at(1)?.state, revision.value]).toEqual(['running', before + 1])
    socket.tell([change('old-1', { state: 'assigned', version: 4 })], false)
    expect(at(1)?.state).toBe('running')
    await vi.advanceTimersByTimeAsync(5_000)
    expect(hub.asked).toEqual([])
  })

  it('lets new tasks in by itself', async () => {
    const { ids, pending } = await list()
    await come(task('new'))
    expect([ids(), pending.value]).toEqual([['new', 'old-0', 'old-1', 'old-2'], 0])
  })

  it('looks once for many that come in a moment', async () => {
    await list()
    for (let n = 0; n < 50; n += 1) socket.tell([change(`other-${n}`)], false)
    await vi.advanceTimersByTimeAsync(1_600)
    expect(hub.asked).toHaveLength(1)
  })

  it('counts new tasks while it is held, and lets them in when it is let go', async () => {
    const { ids, pending, isHeld } = await list(true)
    await come(task('new-2'), task('new-1'))
    expect([ids(), pending.value]).toEqual([['old-0', 'old-1', 'old-2'], 2])
    isHeld.value = false
    await flushPromises()
    expect([ids(), pending.value]).toEqual([['new-2', 'new-1', 'old-0', 'old-1', 'old-2'], 0])
  })

  it('lets them in while it is held when it is told to', async () => {
    const { ids, admit } = await list(true)
    await come(task('new'))
    admit()
    expect(ids()).toEqual(['new', 'old-0', 'old-1', 'old-2'])
  })

  it('is as long as before and by as many as were let in', async () => {
    hub.tasks = tasks(500)
    const { count } = await list()
    await come(task('new-2'), task('new-1'))
    expect(count()).toBe(502)
  })

  it('says that many wait when there are more than it looked at, and begins anew with them', async () => {
    const { pending, admit, count, at } = await list(true)
    await come(...tasks(300, 'new'))
    expect(pending.value).toBeNull()
    admit()
    await flushPromises()
    expect([count(), at(0)?.id]).toEqual([303, 'new-0'])
  })

  it('is read anew after something was not told, but not under the pointer', async () => {
    const { at, isHeld, show } = await list(true)
    hub.tasks[1] = task('old-1', { description: 'Do it otherwise' })
    hub.tasks[2] = task('old-2', { state: 'completed', version: 9 })
    socket.tell([], true)
    await vi.advanceTimersByTimeAsync(1_600)
    hub.asked = []
    isHeld.value = false
    await vi.advanceTimersByTimeAsync(1_600)
    show(0, 2)
    await flushPromises()
    expect([at(1)?.description, at(2)?.state]).toEqual(['Do it otherwise', 'completed'])
    expect(hub.asked).toHaveLength(2)
  })

  it('looks again once the page is live after it was not, and not after it was merely slow', async () => {
    await list()
    status.value = 'behind'
    await flushPromises()
    status.value = 'live'
    await vi.advanceTimersByTimeAsync(1_600)
    expect(hub.asked).toHaveLength(0)
    status.value = 'reconnecting'
    await flushPromises()
    status.value = 'live'
    await vi.advanceTimersByTimeAsync(1_600)
    expect(hub.asked).toHaveLength(1)
  })

  it('keeps its rows when the hub does not answer, says so, and comes back', async () => {
    const { ids, error } = await list()
    hub.isDown = true
    await come(task('new'))
    expect([ids(), error.value === null]).toEqual([['old-0', 'old-1', 'old-2'], false])
    hub.isDown = false
    await come(task('newer'))
    expect([ids().length, error.value]).toEqual([5, null])
  })

  it('shows what was asked for before the hub has confirmed it', async () => {
    const { at, put } = await list()
    put({ ...rowOf(hub.tasks[0]!), priority: 'urgent', sending: 'priority' })
    expect(at(0)).toMatchObject({ priority: 'urgent', sending: 'priority' })
  })

  it.each([0, 1])('asks nothing more when it is left, also with %i news before', async (before) => {
    await list()
    if (before > 0) socket.tell([change('other')], false)
    scope.stop()
    socket.tell([change('another')], true)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(hub.asked).toEqual([])
  })
})
