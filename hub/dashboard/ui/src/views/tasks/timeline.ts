/**
 * What became of a task, as its events tell it: attempts, what each went through, and for how long.
 *
 * Every time is when the hub wrote it down. Nothing is made up: what has no event has no bar.
 */
import type { Envelope, StateName } from '@/api/types'

export type Phase = 'scheduled' | 'queued' | 'assigned' | 'running'

/** A time in one state; without an end while it goes on. */
export interface Stretch {
  phase: Phase
  from: number
  to: number | null
}

/** From waiting for an agent to what came of it. */
export interface Attempt {
  /** Its number among those that began; null while it has not begun. */
  number: number | null
  agent: string | null
  generation: number | null
  stretches: Stretch[]
  outcome: Outcome | null
  /** Why it ended so: a reason, a class of failure. */
  why: string | null
}

export type Outcome =
  | 'completed'
  | 'failed'
  | 'cancelled'
  | 'rejected'
  | 'lost'
  | 'taken back'
  | 'expired'

export interface Timeline {
  attempts: Attempt[]
  begin: number
  /** Null while the task has not ended. */
  end: number | null
  /** How long it waited for an agent, and ran, in all. */
  waitedMs: number
  ranMs: number
}

interface Payload {
  state?: StateName
  from?: StateName
  to?: StateName
  agent_id?: string
  generation?: number
  reason?: string
  failure_class?: string
}

const PHASES = new Set<string>(['scheduled', 'queued', 'assigned', 'running'])

/** The timeline of a task from its events, the oldest first. `now` ends what goes on. */
export function timelineOf(events: readonly Envelope[], now: number): Timeline {
  const teller = new Teller()
  for (const event of events) teller.hear(event)
  return teller.timeline(now)
}

class Teller {
  private readonly attempts: Attempt[] = []
  private begun = 0
  private begin: number | null = null
  private end: number | null = null

  hear(event: Envelope): void {
    const at = Math.round(event.timestamp * 1000)
    const payload = (event.payload ?? {}) as Payload
    this.begin ??= at
    switch (event.type) {
      case 'task.created':
        this.enter(payload.state ?? 'queued', at)
        break
      case 'task.assigned':
        this.assigned(payload, at)
        break
      case 'task.unassigned':
        this.unassigned(payload, at)
        break
      case 'task.status.changed':
        this.moved(payload, event.meta.actor_id, at)
        break
    }
  }

  timeline(now: number): Timeline {
    const length = (phase: Phase) =>
      this.attempts
        .flatMap((attempt) => attempt.stretches)
        .filter((stretch) => stretch.phase === phase)
        .reduce((sum, stretch) => sum + Math.max(0, (stretch.to ?? now) - stretch.from), 0)
    return {
      attempts: this.attempts,
      begin: this.begin ?? now,
      end: this.end,
      waitedMs: length('queued'),
      ranMs: length('running'),
    }
  }

  private get last(): Attempt {
    const last = this.attempts.at(-1)
    if (last !== undefined && last.outcome === null) return last
    const next: Attempt = {
      number: null,
      agent: null,
      generation: null,
      stretches: [],
      outcome: null,
      why: null,
    }
    this.attempts.push(next)
    return next
  }

  private assigned(payload: Payload, at: number): void {
    this.enter('assigned', at)
    this.last.agent = payload.agent_id ?? null
    this.last.generation = payload.generation ?? null
  }

  private unassigned(payload: Payload, at: number): void {
    const hadBegun = this.last.number !== null
    this.finish(lossOf(payload.reason ?? '', hadBegun), payload.reason ?? null, at)
    this.enter(payload.state ?? 'queued', at)
  }

  private moved(payload: Payload, actor: string, at: number): void {
    const to = payload.to ?? 'queued'
    if (to === 'running') {
      this.began(payload, actor, at)
      return
    }
    if (payload.from !== undefined && !PHASES.has(payload.from)) this.begun = 0
    if (payload.from === 'running' || payload.from === 'assigned' || !PHASES.has(to)) {
      this.finish(outcomeOf(to, payload), whyOf(payload), at)
    }
    this.enter(to, at)
  }

  /** An attempt that was given up and goes on after all keeps its number. */
  private began(payload: Payload, actor: string, at: number): void {
    const before = payload.reason === 'resumed' ? this.attempts.at(-2) : undefined
    this.enter('running', at)
    if (before?.number === undefined || before.number === null) this.begun += 1
    this.last.number = this.begun
    this.last.agent ??= actor
    this.last.generation ??= before?.generation ?? null
  }

  private finish(outcome: Outcome, why: string | null, at: number): void {
    this.leave(at)
    Object.assign(this.last, { outcome, why })
  }

  /** Enters a state, which ends the one before; an end has no stretch. */
  private enter(state: StateName, at: number): void {
    this.leave(at)
    if (PHASES.has(state)) {
      this.end = null
      this.last.stretches.push({ phase: state as Phase, from: at, to: null })
    } else this.end = at
  }

  private leave(at: number): void {
    const stretch = this.attempts.at(-1)?.stretches.at(-1)
    if (stretch !== undefined && stretch.to === null) stretch.to = at
  }
}

function outcomeOf(to: StateName, payload: Payload): Outcome {
  if (to === 'completed' || to === 'cancelled') return to
  const kind = payload.failure_class
  return kind === 'expired' || kind === 'lost' || kind === 'rejected' ? kind : 'failed'
}

function whyOf({ reason, failure_class: kind }: Payload): string | null {
  return reason && kind ? `${reason} (${kind})` : (reason ?? kind ?? null)
}

/** What to call it that an agent no longer has a task. */
function lossOf(reason: string, hadBegun: boolean): Outcome {
  if (REJECTIONS.has(reason.split(':', 1)[0] ?? '')) return 'rejected'
  return hadBegun ? 'lost' : 'taken back'
}

const REJECTIONS = new Set([
  'busy',
  'not_allowed',
  'no_executor',
  'bad_task',
  'draining',
  'no_resources',
])

/** The attempts that may have written something, the latest first. */
export function generationsOf(timeline: Timeline): { number: number | null; generation: number }[] {
  return timeline.attempts
    .filter((attempt) => attempt.generation !== null)
    .map((attempt) => ({ number: attempt.number, generation: attempt.generation ?? 0 }))
    .reverse()
}
