/**
 * Asks for a whole snapshot until there is one.
 *
 * However many times one is needed meanwhile, one request is under way, and after a failure only
 * the wait asks again: a hub that is busy must not be asked at the pace of what it says.
 */
import { ref } from 'vue'

import { ApiError } from '@/api/client'
import type { Snapshot } from '@/api/types'

import { backoff } from './backoff'

export class Resync {
  /** Since when a snapshot is needed, by this machine's clock; null while the picture is whole. */
  readonly since = ref<number | null>(null)
  private asked: AbortController | null = null
  private retry: ReturnType<typeof setTimeout> | undefined
  private failures = 0
  private isAllowed = false

  constructor(
    private readonly ask: (signal: AbortSignal) => Promise<Snapshot>,
    private readonly take: (snapshot: Snapshot) => void,
  ) {}

  get isNeeded(): boolean {
    return this.since.value !== null
  }

  /** The picture has a hole that only a snapshot mends. */
  need(): void {
    this.isAllowed = true
    this.since.value ??= Date.now()
    if (this.asked === null && this.retry === undefined) void this.run()
  }

  /** The picture is whole. */
  done(): void {
    this.interrupt()
    this.hurry()
    this.since.value = null
  }

  /** Asks no more until it is needed anew, as when the socket is lost; a wait goes on. */
  interrupt(): void {
    this.isAllowed = false
    this.asked?.abort()
    this.asked = null
  }

  /** Forgets the wait: the next need asks at once. */
  hurry(): void {
    clearTimeout(this.retry)
    this.retry = undefined
    this.failures = 0
  }

  private async run(): Promise<void> {
    const { signal } = (this.asked = new AbortController())
    let snapshot: Snapshot
    try {
      snapshot = await this.ask(signal)
    } catch (error) {
      if (signal.aborted) return
      this.asked = null
      this.retry = setTimeout(() => this.again(), waitAfter(error, this.failures++))
      return reportUnlessAway(error)
    }
    if (signal.aborted) return
    this.done()
    this.take(snapshot)
  }

  private again(): void {
    this.retry = undefined
    if (this.isAllowed) void this.run()
  }
}

/** As long as the hub wishes, and a little more, so that many pages do not come back at once. */
function waitAfter(error: unknown, failures: number): number {
  const wished = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0
  return wished + backoff(failures)
}

/** A hub that is away or busy is shown by the status; everything else is a fault that must be seen. */
export function reportUnlessAway(error: unknown): void {
  if (!(error instanceof ApiError && (AWAY.has(error.status) || error.status >= 500))) throw error
}

const AWAY: ReadonlySet<number> = new Set([0, 401, 429])
