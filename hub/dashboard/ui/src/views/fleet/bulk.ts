/**
 * Doing one thing to many agents, one request each: the hub has no request for many.
 *
 * A few requests are under way at once. When the hub says that it has had enough, all of them
 * wait as long as it asks, and go on at the pace that it gave: nothing is lost, little is sent
 * in vain, and something is left of the rate for whatever else the person does meanwhile.
 */

export const AT_ONCE = 8
const LONGEST_WAIT_MS = 60_000
/** Whoever waits looks up so often, as it may have been stopped. */
const LOOK_MS = 500
/** How much slower than the hub asks; and by how much more when that was still too fast. */
const RESTRAINT = 1.25
const SLOWER = 1.5

/** What did not work, and why. */
export interface Failure {
  readonly id: string
  readonly reason: string
}

/** How far it has come. */
export interface Progress {
  readonly total: number
  readonly done: number
  readonly failures: readonly Failure[]
  /** The hub asked to wait until then (ms, the clock of this page). */
  readonly waitsUntil: number | null
  /** Nothing more will be sent. */
  readonly ended: boolean
  /** Why it ended early: somebody stopped it, or nobody is logged in any more. */
  readonly stopped: string | null
}

/** What a refusal means for the others. */
export type Verdict =
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'stop'; readonly reason: string }

export interface BulkOptions {
  readonly act: (id: string) => Promise<unknown>
  readonly judge: (error: unknown) => Verdict
  readonly onProgress: (progress: Progress) => void
}

/** A bulk action under way. */
export interface BulkRun {
  readonly finished: Promise<Progress>
  readonly stop: () => void
}

const BEGINNING = { done: 0, failures: [], waitsUntil: null, ended: false, stopped: null }

/** Acts on all of them, at most eight at once, and tells how far it is. */
export function runBulk(ids: readonly string[], options: BulkOptions): BulkRun {
  const { act, judge, onProgress } = options
  let progress: Progress = { total: ids.length, ...BEGINNING }
  let next = 0
  let nextSendAt = 0
  let gapMs = 0

  function tell(change: Partial<Progress>): void {
    progress = { ...progress, ...change }
    onProgress(progress)
  }

  /** Waits until one more may be sent. */
  async function turn(): Promise<void> {
    while (progress.stopped === null) {
      const left = Math.max(nextSendAt, progress.waitsUntil ?? 0) - Date.now()
      if (left <= 0) break
      await new Promise((done) => setTimeout(done, Math.min(left, LOOK_MS)))
    }
    nextSendAt = Date.now() + gapMs
    if (progress.waitsUntil !== null) tell({ waitsUntil: null })
  }

  function heed(id: string, verdict: Verdict): boolean {
    if (verdict.kind === 'failed') {
      tell({ failures: [...progress.failures, { id, reason: verdict.reason }] })
      return true
    }
    if (verdict.kind === 'stop') {
      tell({ stopped: progress.stopped ?? verdict.reason })
      return true
    }
    const ms = Math.min(Math.max(verdict.ms, 1), LONGEST_WAIT_MS)
    const until = Date.now() + ms
    // Those that were under way together are refused together: that is one refusal.
    if (progress.waitsUntil === null) gapMs = Math.max(ms * RESTRAINT, Math.min(gapMs * SLOWER, LONGEST_WAIT_MS))
    tell({ waitsUntil: Math.max(until, progress.waitsUntil ?? 0) })
    return false
  }

  async function settle(id: string): Promise<void> {
    for (let isSettled = false; !isSettled; ) {
      await turn()
      if (progress.stopped !== null) return
      try {
        await act(id)
        tell({ done: progress.done + 1 })
        isSettled = true
      } catch (error) {
        isSettled = heed(id, judge(error))
      }
    }
  }

  async function work(): Promise<void> {
    while (next < ids.length && progress.stopped === null) {
      const id = ids[next] as string
      next += 1
      await settle(id)
    }
  }

  async function runAll(): Promise<Progress> {
    onProgress(progress)
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, ids.length) }, work))
    tell({ ended: true, waitsUntil: null })
    return progress
  }

  return { finished: runAll(), stop: () => tell({ stopped: progress.stopped ?? 'stopped' }) }
}

/** How many ms it will still take at the pace so far; null while nobody can know. */
export function remaining(progress: Progress, beganAt: number, now: number): number | null {
  const handled = progress.done + progress.failures.length
  if (handled < AT_ONCE || now <= beganAt) return null
  return ((now - beganAt) / handled) * (progress.total - handled)
}
