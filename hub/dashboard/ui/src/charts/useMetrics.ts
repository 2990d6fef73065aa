/** Keeps the series of charts fresh: asks the hub for them once, and goes on by the steps of the socket. */

import { onScopeDispose, shallowRef, watch, type Ref } from 'vue'

import { get } from '@/api/client'
import type { MetricsPage, Step } from '@/api/types'
import { useLive } from '@/live/live'

import { appendStep } from './appendStep'
import { rangeMs, type RangeName } from './frame'

const PATH = '/api/v1/metrics'
/** How long a step is, until the hub has said it. */
const USUAL_STEP_MS = 10_000
const RETRY_MS = 5_000

/** The newest page of these series, as far back as the range. */
export function useMetrics(names: readonly string[], range: Ref<RangeName>) {
  const page = shallowRef<MetricsPage | null>(null)
  const error = shallowRef<unknown>(null)
  let asked = new AbortController()
  let isAsking = false
  /** What was told while the hub was asked: its answer may be older. */
  let told: Step | null = null
  let retry: ReturnType<typeof setTimeout> | undefined

  const points = () => Math.ceil(rangeMs(range.value) / (page.value?.step_ms ?? USUAL_STEP_MS))

  async function ask(): Promise<void> {
    clearTimeout(retry)
    asked.abort()
    const { signal } = (asked = new AbortController())
    isAsking = true
    told = null
    try {
      const answer = await get<MetricsPage>(PATH, { points: points(), series: names.join(',') }, signal)
      if (signal.aborted) return
      page.value = answer
      error.value = null
    } catch (reason) {
      if (signal.aborted) return
      error.value = reason
      retry = setTimeout(askIfSeen, RETRY_MS)
    }
    isAsking = false
    if (told !== null) take(told)
  }

  function askIfSeen(): void {
    if (!document.hidden) void ask()
  }

  function heard(step: Step | null): void {
    if (step === null) askIfSeen()
    else if (isAsking) told = step
    else take(step)
  }

  /** After an error the retry asks, in its time. */
  function take(step: Step): void {
    if (page.value === null || error.value !== null) return
    const next = appendStep(page.value, step, points())
    if (next === null) askIfSeen()
    else page.value = next
  }

  watch(range, ask)
  const stop = useLive().onSteps(heard)
  document.addEventListener('visibilitychange', askIfSeen)
  onScopeDispose(() => {
    stop()
    document.removeEventListener('visibilitychange', askIfSeen)
    clearTimeout(retry)
    asked.abort()
  })
  void ask()

  return { page, error, ask }
}
