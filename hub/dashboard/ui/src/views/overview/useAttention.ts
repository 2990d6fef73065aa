/** Gathers what the list of concerns is made from: mostly live, the rest asked for now and then. */

import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue'

import { ApiError, get } from '@/api/client'
import type { DispatchPause, DispatchView, Explanation, SearchPage, TaskPage, TaskStats } from '@/api/types'
import { useLive } from '@/live/live'
import { BEHIND_MS } from '@/live/status'

import { DEAD_MINUTES, LONG_MS, concerns, type Waiting } from './attention'
import { Departures } from './flapping'

const EVERY_MS = 30_000
/** What changed is asked for at once, but not more often than this. */
const LEAST_MS = 4_000
const SEARCH_EVERY_MS = 120_000
const SAMPLES = 3
/** What the hub is asked about, in words for people. */
const SUBJECTS = {
  dead: 'tasks that failed for good',
  waiting: 'tasks that wait for long',
  pauses: 'pauses',
  ready: 'whether it takes work',
  search: 'the search index',
} as const
type Question = keyof typeof SUBJECTS

/** The concerns, kept up to date while the page is seen. */
export function useAttention() {
  const live = useLive()
  const dead = ref<number | null>(null)
  const waiting = shallowRef<Waiting | null>(null)
  const pauses = shallowRef<readonly DispatchPause[]>([])
  const isReady = ref<boolean | null>(null)
  const searchBehindMs = ref<number | null>(null)
  const isAsked = ref(false)
  const unanswered = ref<ReadonlySet<Question>>(new Set())
  const departures = new Departures()
  const restless = shallowRef<{ id: string; times: number }[]>([])
  const asked = new AbortController()
  const { signal } = asked
  let timer: ReturnType<typeof setTimeout> | undefined
  let askedAt = -Infinity
  let searchAskedAt = -Infinity

  async function ask(): Promise<void> {
    clearTimeout(timer)
    askedAt = performance.now()
    if (!document.hidden) {
      await Promise.all([
        settle('dead', askStats()),
        settle('waiting', askWaiting()),
        settle('pauses', askPauses()),
        settle('ready', askReady()),
        settle('search', askSearch()),
      ])
      restless.value = departures.restless(live.now())
      isAsked.value = true
    }
    if (!signal.aborted) timer = setTimeout(() => void ask(), EVERY_MS)
  }

  function askSoon(): void {
    clearTimeout(timer)
    timer = setTimeout(() => void ask(), Math.max(0, askedAt + LEAST_MS - performance.now()))
  }

  async function askStats(): Promise<void> {
    const stats = await get<TaskStats>('/api/v1/tasks/stats', {}, signal)
    dead.value = stats.throughput.find((each) => each.minutes === DEAD_MINUTES)?.dead_letter ?? null
  }

  /** A few of the tasks that wait for long, and what the hub says about each. */
  async function askWaiting(): Promise<void> {
    if ((live.counters.value?.oldest_queued_ms ?? 0) < LONG_MS) {
      waiting.value = null
      return
    }
    const before = Math.floor(live.now() - LONG_MS)
    const query = { state: 'queued', created_before: before, limit: SAMPLES, count: true }
    const page = await get<TaskPage>('/api/v1/tasks', query, signal)
    const samples = await Promise.all(page.items.map((task) => explain(task.id)))
    waiting.value = { count: page.total?.count ?? samples.length, more: page.total?.more ?? false, samples }
  }

  async function explain(id: string): Promise<Waiting['samples'][number]> {
    const told = await get<Explanation>(`/api/v1/tasks/${encodeURIComponent(id)}/explain`, {}, signal)
    return { id, reasons: told.reasons }
  }

  async function askPauses(): Promise<void> {
    pauses.value = (await get<DispatchView>('/api/v1/dispatch', {}, signal)).pauses
  }

  async function askReady(): Promise<void> {
    try {
      await get('/ready', {}, signal)
      isReady.value = true
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 503)) throw error
      isReady.value = false
    }
  }

  /** Any search says how far behind the index is. */
  async function askSearch(): Promise<void> {
    if (!live.hasSearch.value || performance.now() - searchAskedAt < SEARCH_EVERY_MS) return
    const page = await get<SearchPage>('/api/v1/search', { q: 'task', limit: 1 }, signal)
    searchBehindMs.value = page.behind_ms
    searchAskedAt = performance.now()
  }

  /** Remembers whether a question was answered; the list keeps what was known before. */
  async function settle(question: Question, work: Promise<void>): Promise<void> {
    const others = () => [...unanswered.value].filter((each) => each !== question)
    try {
      await work
      unanswered.value = new Set(others())
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof ApiError)) throw error
      unanswered.value = new Set([...others(), question])
    }
  }

  const stop = live.onEvents((events) => {
    for (const event of events) {
      if (event.type === 'agent.offline') departures.note(event.entity, event.at)
      if (event.type.startsWith('dispatch.')) askSoon()
    }
  })
  watch(() => live.counters.value?.tasks.dead_letter, (now, before) => {
    if (before !== undefined && now !== before) askSoon()
  })
  watch(() => (live.counters.value?.oldest_queued_ms ?? 0) >= LONG_MS, askSoon)
  watch(live.hasSearch, () => void settle('search', askSearch()))
  onScopeDispose(() => {
    stop()
    asked.abort()
    clearTimeout(timer)
  })
  void ask()

  /** A moment, as after a reconnect, needs nobody. */
  function behindMs(): number {
    if (live.status.value !== 'behind') return 0
    const ms = Math.max(live.lagMs.value, Date.now() - live.lastAt.value)
    return ms > BEHIND_MS ? ms : 0
  }

  const stale = computed(() => {
    // The counter says without a look at 10,000 agents that there is none.
    if ((live.counters.value?.agents.stale ?? 0) === 0) return []
    return [...live.agents.values()].filter((agent) => agent.status === 'stale').map((agent) => agent.name)
  })

  const list = computed(() =>
    concerns({
      counters: live.counters.value,
      agents: live.agents.size,
      stale: stale.value,
      flapping: restless.value,
      dead: dead.value,
      waiting: waiting.value,
      pauses: pauses.value,
      isReady: isReady.value,
      searchBehindMs: searchBehindMs.value,
      pageBehindMs: behindMs(),
    }),
  )

  /** Everything was asked for once, and the numbers are there. */
  const isKnown = computed(() => isAsked.value && live.counters.value !== null)
  /** What could not be asked for the last time. */
  const unknown = computed(() => [...unanswered.value].map((question) => SUBJECTS[question]))
  return { list, isKnown, unknown, askSoon }
}
