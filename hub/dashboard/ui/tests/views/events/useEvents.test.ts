import { flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { effectScope, ref } from 'vue'

import type { HubEvent } from '@/api/types'
import { useEvents } from '@/views/events/useEvents'

const socket = vi.hoisted(() => ({ tell: (_events: HubEvent[], _more: boolean): void => undefined }))
vi.mock('@/live/live', () => ({
  useLive: () => ({ onEvents: (call: typeof socket.tell) => ((socket.tell = call), () => undefined) }),
}))

const scope = effectScope()
let newest = 0
/** Answers wait behind this, as they were made before. */
let gate: Promise<void> = Promise.resolve()

const told = (from: number, to: number): HubEvent[] =>
  Array.from({ length: to - from + 1 }, (_, n) => ({ seq: from + n, type: 'task.created', entity: 't', actor: 'ann', at: 0, data: {} }))

function kept(after: number, limit: number): object {
  const items = told(after + 1, Math.min(newest, after + limit)).map((each) => ({
    seq: each.seq,
    type: each.type,
    target: each.entity,
    meta: { actor_id: each.actor },
    timestamp: 0,
    payload: {},
  }))
  const last = items.at(-1)?.seq ?? after
  return { items, next_cursor: `e:${last}`, newest: `e:${newest}`, at_end: last === newest }
}

beforeEach(() => {
  vi.useFakeTimers()
  newest = 3
  gate = Promise.resolve()
  vi.stubGlobal('fetch', async (path: string) => {
    const query = new URL(path, 'http://hub').searchParams
    const body = JSON.stringify(kept(Number(query.get('after')?.split(':')[1] ?? 0), Number(query.get('limit'))))
    await gate
    return new Response(body)
  })
})
afterEach(() => vi.useRealTimers())

async function listed(isHeld = false) {
  const list = scope.run(() => useEvents(ref(''), ref(isHeld)))!
  await flushPromises()
  return { list, seqs: () => list.feed.value.rows.map((each) => each.seq) }
}

function close(): () => void {
  let open = () => undefined as void
  gate = new Promise((done) => (open = done))
  return open
}

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms)
  await flushPromises()
}

it('shows what is told between the making of an answer and its coming', async () => {
  const { seqs } = await listed()
  newest = 9
  socket.tell(told(8, 9), true)
  const open = close()
  await pass(2_000)
  newest = 11
  socket.tell(told(10, 11), false)
  await pass(400)
  open()
  await pass(400)
  expect(seqs()).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
})

it('reads once more when something was left out meanwhile', async () => {
  const { seqs } = await listed()
  newest = 6
  socket.tell(told(6, 6), true)
  const open = close()
  await pass(2_000)
  newest = 11
  socket.tell(told(11, 11), true)
  open()
  await pass(2_500)
  await pass(400)
  expect(seqs()).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
})

it('joins nothing on to a list that stands still too far behind', async () => {
  const { list, seqs } = await listed(true)
  newest = 5_000
  socket.tell(told(5_000, 5_000), true)
  await pass(2_000)
  await pass(400)
  expect(seqs()).toEqual([3, 2, 1])
  expect(list.feed.value).toMatchObject({ away: true, waiting: [] })
  void list.showNews()
  await pass(400)
  expect(seqs()[0]).toBe(5_000)
})
