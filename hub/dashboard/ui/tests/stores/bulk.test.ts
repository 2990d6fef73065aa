import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { useBulkJobs } from '@/stores/bulk'

const job = (id: string, more: object = {}) => ({
  id,
  about: 'agents',
  action: 'pause',
  state: 'running',
  target: {},
  created_at: 1,
  created_by: 'me',
  total: { count: 3, more: false },
  done: 0,
  failed: 0,
  skipped: 0,
  ...more,
})
const hub = { answers: new Map<string, object[]>(), asked: [] as string[], isDown: false }
const serve = (path: string, ...answers: object[]) => hub.answers.set(path, answers)

beforeEach(() => {
  vi.useFakeTimers()
  setActivePinia(createPinia())
  hub.answers.clear()
  hub.asked = []
  hub.isDown = false
  vi.stubGlobal('fetch', async (path: string) => {
    hub.asked.push(path)
    if (hub.isDown) throw new TypeError('unreachable')
    const left = hub.answers.get(path.split('?')[0]!)!
    return new Response(JSON.stringify(left.length > 1 ? left.shift() : left[0]))
  })
})
afterEach(() => vi.useRealTimers())

describe('the bulk actions', () => {
  it('are begun with one request, and followed to their end', async () => {
    serve('/api/v1/agents/bulk', job('b'))
    serve('/api/v1/bulk/b', job('b', { done: 2 }), job('b', { done: 3, state: 'completed' }))
    const bulk = useBulkJobs()
    await bulk.begin('agents', { action: 'pause', all: true })
    expect(hub.asked).toEqual(['/api/v1/agents/bulk'])
    await vi.advanceTimersByTimeAsync(800)
    expect(bulk.jobs).toMatchObject([{ done: 2 }])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(bulk.jobs).toMatchObject([{ done: 3, state: 'completed' }])
    expect(hub.asked).toHaveLength(3)
  })

  it('that go on are found, whoever began them', async () => {
    serve('/api/v1/bulk', { items: [job('new'), job('over', { state: 'completed' }), job('old', { about: 'tasks' })], next_cursor: null })
    const bulk = useBulkJobs()
    await bulk.find()
    expect(bulk.jobs.map(({ id }) => id)).toEqual(['new', 'old'])
  })

  it('are asked for less often while the hub does not answer', async () => {
    serve('/api/v1/tasks/bulk', job('b'))
    const bulk = useBulkJobs()
    await bulk.begin('tasks', { action: 'cancel', ids: ['t'] })
    hub.isDown = true
    await vi.advanceTimersByTimeAsync(700)
    const asked = hub.asked.length
    await vi.advanceTimersByTimeAsync(4_000)
    expect(hub.asked).toHaveLength(asked)
    expect(bulk.jobs).toHaveLength(1)
  })

  it('are not asked for while nobody sees the page, and at once when somebody does again', async () => {
    serve('/api/v1/tasks/bulk', job('b'))
    serve('/api/v1/bulk/b', job('b', { done: 1 }), job('b', { done: 3, state: 'completed' }))
    const bulk = useBulkJobs()
    const hidden = vi.spyOn(document, 'hidden', 'get').mockReturnValue(true)
    await bulk.begin('tasks', { action: 'cancel', ids: ['t'] })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(hub.asked).toEqual(['/api/v1/tasks/bulk'])
    hidden.mockReturnValue(false)
    document.dispatchEvent(new Event('visibilitychange'))
    await vi.advanceTimersByTimeAsync(1)
    expect(bulk.jobs).toMatchObject([{ done: 1 }])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(bulk.jobs).toMatchObject([{ done: 3 }])
    expect(hub.asked).toHaveLength(3)
  })

  it('can be stopped, and put away', async () => {
    serve('/api/v1/agents/bulk', job('b'))
    serve('/api/v1/bulk/b/cancel', job('b', { done: 1, state: 'cancelled' }))
    const bulk = useBulkJobs()
    await bulk.begin('agents', { action: 'drain', ids: ['a'] })
    await bulk.stop('b')
    expect(bulk.jobs).toMatchObject([{ state: 'cancelled', done: 1 }])
    bulk.dismiss('b')
    expect(bulk.jobs).toEqual([])
  })
})
