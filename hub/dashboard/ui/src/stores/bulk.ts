/**
 * Bulk actions under way. The hub does them; this only asks how far they are, also while other
 * screens are shown, but not while nobody sees the page.
 */
import { defineStore } from 'pinia'
import { shallowRef } from 'vue'

import { get, post } from '@/api/client'
import type { AgentBulkRequest, BulkPage, BulkRequest, BulkSubject, BulkView } from '@/api/types'

const ASK_MS = 700
/** After a failed question the next one comes later. */
const ASK_LATER_MS = 5_000
const LOOKED_AT = 20

export const useBulkJobs = defineStore('bulk', () => {
  /** The newest first: those that go on, and those that ended since this page was opened. */
  const jobs = shallowRef<BulkView[]>([])
  let timer: ReturnType<typeof setTimeout> | undefined

  /** Begins an action. Raises ApiError. */
  async function begin(about: BulkSubject, request: BulkRequest | AgentBulkRequest): Promise<void> {
    put(await post<BulkView>(`/api/v1/${about}/bulk`, request))
    follow(ASK_MS)
  }

  /** Finds those that go on, whoever began them. Raises ApiError. */
  async function find(): Promise<void> {
    const page = await get<BulkPage>('/api/v1/bulk', { limit: LOOKED_AT })
    for (const job of page.items.filter(isActive).reverse()) put(job)
    follow(ASK_MS)
  }

  /** What was done stays done. Raises ApiError. */
  async function stop(id: string): Promise<void> {
    put(await post<BulkView>(`/api/v1/bulk/${encodeURIComponent(id)}/cancel`))
  }

  function dismiss(id: string): void {
    jobs.value = jobs.value.filter((job) => job.id !== id)
  }

  function put(job: BulkView): void {
    const others = jobs.value.filter((other) => other.id !== job.id)
    const place = jobs.value.findIndex((other) => other.id === job.id)
    jobs.value = place < 0 ? [job, ...others] : jobs.value.map((other) => (other.id === job.id ? job : other))
  }

  function follow(ms: number): void {
    clearTimeout(timer)
    if (jobs.value.some(isActive)) timer = setTimeout(() => void (document.hidden ? rest() : ask()), ms)
  }

  /** Until somebody sees the page again. */
  function rest(): void {
    document.addEventListener('visibilitychange', () => follow(0), { once: true })
  }

  async function ask(): Promise<void> {
    const active = jobs.value.filter(isActive)
    const answers = await Promise.allSettled(
      active.map((job) => get<BulkView>(`/api/v1/bulk/${encodeURIComponent(job.id)}`)),
    )
    for (const answer of answers) if (answer.status === 'fulfilled') put(answer.value)
    follow(answers.some((answer) => answer.status === 'rejected') ? ASK_LATER_MS : ASK_MS)
  }

  return { jobs, begin, find, stop, dismiss }
})

/** Something is still before it. */
export function isActive(job: BulkView): boolean {
  return job.state === 'waiting' || job.state === 'running'
}

/** How many tasks or agents it has looked at. */
export function lookedAt(job: BulkView): number {
  return job.done + job.failed + job.skipped
}

/** What an action is called on a button, and what it did. */
export const WORDS = {
  cancel: { verb: 'Cancel', done: 'cancelled' },
  retry: { verb: 'Retry', done: 'queued again' },
  edit: { verb: 'Change', done: 'changed' },
  pause: { verb: 'Pause', done: 'paused' },
  resume: { verb: 'Resume', done: 'resumed' },
  drain: { verb: 'Drain', done: 'drained' },
  delete: { verb: 'Delete', done: 'deleted' },
} as const
