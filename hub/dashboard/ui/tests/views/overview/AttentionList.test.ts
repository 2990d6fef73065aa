import { flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ref } from 'vue'

import AttentionList from '@/views/overview/AttentionList.vue'

import { flaws, show } from '../../components/page'

const COUNTERS = { tasks: { dead_letter: 0 }, agents: {}, oldest_queued_ms: null, loop_lag_ms: 0 }
const live = {
  counters: ref<object | null>(COUNTERS),
  hasSearch: ref(true),
  status: ref('live'),
  lagMs: ref(0),
  lastAt: ref(0),
  agents: new Map(),
  now: () => 0,
  onEvents: () => () => undefined,
}
vi.mock('@/live/live', () => ({ useLive: () => live }))

/** The hub of these tests: refuses the paths that are named here. */
const hub = { refuses: [] as string[] }
const ANSWERS: Record<string, object> = {
  '/api/v1/tasks/stats': { throughput: [] },
  '/api/v1/dispatch': { pauses: [] },
  '/api/v1/search': { behind_ms: 0 },
}

beforeEach(() => {
  hub.refuses = []
  live.counters.value = COUNTERS
  live.status.value = 'live'
  vi.stubGlobal('fetch', async (address: string) => {
    const path = address.split('?')[0]!
    const isRefused = hub.refuses.includes(path)
    return new Response(JSON.stringify(ANSWERS[path] ?? {}), { status: isRefused ? 403 : 200 })
  })
})
afterEach(() => {
  vi.useRealTimers()
  document.body.innerHTML = ''
})

async function list() {
  const shown = show(AttentionList)
  await flushPromises()
  return shown
}

describe('the list of what needs somebody', () => {
  it('says that nothing does when all is known and well', async () => {
    const shown = await list()
    expect(shown.text()).toContain('Nothing needs you now.')
    expect(shown.text()).not.toContain('could not be asked')
    expect(await flaws()).toEqual([])
  })

  it('does not say so while the numbers are missing', async () => {
    live.counters.value = null
    expect((await list()).text()).toContain('Looking')
  })

  it('does not say so when everything was refused', async () => {
    hub.refuses = [...Object.keys(ANSWERS), '/ready']
    const shown = await list()
    expect(shown.text()).not.toContain('Nothing needs you')
    for (const word of ['failed for good', 'pauses', 'takes work', 'search index']) expect(shown.text()).toContain(word)
    expect(await flaws()).toEqual([])
  })

  it('names the one question that was refused', async () => {
    hub.refuses = ['/api/v1/dispatch']
    const shown = await list()
    expect(shown.text()).toContain('could not be asked about pauses.')
    expect(shown.text()).not.toContain('Nothing needs you')
  })

  it('tells of a page that is behind, but not of one that was for a moment', async () => {
    live.status.value = 'behind'
    live.lastAt.value = Date.now()
    live.lagMs.value = 300
    const shown = await list()
    expect(shown.text()).toContain('Nothing needs you now.')
    live.lagMs.value = 3_000
    await flushPromises()
    expect(shown.text()).toContain('This page is behind')
  })

  it('is content again once the hub has answered', async () => {
    vi.useFakeTimers()
    hub.refuses = ['/api/v1/dispatch']
    const shown = show(AttentionList)
    await vi.advanceTimersByTimeAsync(100)
    expect(shown.text()).toContain('could not be asked')
    hub.refuses = []
    await vi.advanceTimersByTimeAsync(30_000)
    expect(shown.text()).toContain('Nothing needs you now.')
  })
})
