/** Keeps the series of charts fresh: asks the hub once a step, and not while the page is hidden. */

import { onScopeDispose, shallowRef, watch, type Ref } from 'vue'

import { get } from '@/api/client'
import type { MetricsPage } from '@/api/types'
import { useLive } from '@/live/live'

import { rangeMs, type RangeName } from './frame'

const PATH = '/api/v1/metrics'
const STEP_MS = 10_000
/** A step is known to the hub a moment after it is over. */
const MOMENT_MS = 700
const RETRY_MS = 5_000

/** The newest page of these series, as far back as the range. */
export function useMetrics(names: readonly string[], range: Ref<RangeName>) {
  const live = useLive()
  const page = shallowRef<MetricsPage | null>(null)
  const error = shallowRef<unknown>(null)
  let asked = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined

  async function ask(): Promise<void> {
    clearTimeout(timer)
    asked.abort()
    const { signal } = (asked = new AbortController())
    const query = { points: Math.ceil(rangeMs(range.value) / STEP_MS), series: names.join(',') }
    try {
      page.value = await get<MetricsPage>(PATH, query, signal)
      error.value = null
    } catch (reason) {
      if (!signal.aborted) error.value = reason
    }
    if (signal.aborted) return
    timer = setTimeout(askIfSeen, wait())
  }

  function wait(): number {
    if (error.value !== null) return RETRY_MS
    return STEP_MS - (live.now() % STEP_MS) + MOMENT_MS
  }

  function askIfSeen(): void {
    if (!document.hidden) void ask()
  }

  watch(range, ask)
  document.addEventListener('visibilitychange', askIfSeen)
  onScopeDispose(() => {
    document.removeEventListener('visibilitychange', askIfSeen)
    clearTimeout(timer)
    asked.abort()
  })
  void ask()

  return { page, error, ask }
}
