/** What a list, a board and the inspector show of a task: small, and never its payload or result. */
import type { LiveTask, StateName, TaskView } from '@/api/types'

export type Priority = 'urgent' | 'high' | 'normal' | 'low'

/** The states in the order in which a task goes through them. */
export const STATES: readonly StateName[] = [
  'queued',
  'assigned',
  'running',
  'scheduled',
  'completed',
  'dead_letter',
  'cancelled',
]

/** The most urgent first; the keys 1 to 4 mean them in this order. */
export const PRIORITIES: readonly Priority[] = ['urgent', 'high', 'normal', 'low']

/** A task as lists keep it: a million of them may pass by, so large fields are left out. */
export interface Row {
  id: string
  state: StateName
  description: string
  priority: Priority
  version: number
  agent: string | null
  attempt: number
  maxAttempts: number
  percent: number | null
  labels: Readonly<Record<string, string>> | null
  submitter: string
  error: string | null
  cancelling: boolean
  createdAt: number
  queuedAt: number | null
  startedAt: number | null
  finishedAt: number | null
  notBefore: number | null
  /** What was asked for and is not confirmed yet. */
  sending?: string
}

const SHOWN_CHARS = 400

/** What a list keeps of a task that was fetched. */
export function rowOf(task: TaskView): Row {
  return {
    id: task.id,
    state: task.state,
    description: task.description.slice(0, SHOWN_CHARS),
    priority: priorityOf(task.priority),
    version: task.version,
    agent: task.assigned_to ?? null,
    attempt: task.attempt,
    maxAttempts: task.max_attempts,
    percent: task.progress?.percent ?? null,
    labels: task.labels ?? null,
    submitter: task.submitted_by,
    error: task.error ?? null,
    cancelling: task.cancel_requested ?? false,
    createdAt: task.created_at,
    queuedAt: task.queued_at ?? null,
    startedAt: task.started_at ?? null,
    finishedAt: task.finished_at ?? null,
    notBefore: task.retry_at ?? task.not_before ?? null,
  }
}

/** Two older words are still accepted for a priority; lists know one word for each. */
export function priorityOf(name: string): Priority {
  if (name === 'critical') return 'urgent'
  if (name === 'medium') return 'normal'
  return name as Priority
}

/** The row after a change, or the same row when the change is older than what is known. */
export function changed(row: Row, change: LiveTask): Row {
  if (change.version < row.version) return row
  const isNewState = change.state !== row.state
  return {
    ...row,
    state: change.state,
    version: change.version,
    attempt: change.attempt,
    agent: change.agent,
    percent: change.percent,
    queuedAt: isNewState && change.state === 'queued' ? change.at : row.queuedAt,
    startedAt: isNewState && change.state === 'running' ? change.at : row.startedAt,
    finishedAt: isNewState && hasEnded(change.state) ? change.at : row.finishedAt,
    cancelling: row.cancelling && !hasEnded(change.state),
  }
}

/** A state in which nothing more happens by itself. */
export function hasEnded(state: StateName): boolean {
  return state === 'completed' || state === 'dead_letter' || state === 'cancelled'
}

/** What the time in a list is about, and how long it is; null when it has not begun. */
export function timeOf(row: Row, now: number): { word: string; ms: number } | null {
  switch (row.state) {
    case 'queued':
    case 'assigned':
      return { word: 'waits', ms: Math.max(0, now - (row.queuedAt ?? row.createdAt)) }
    case 'running':
      return row.startedAt === null
        ? null
        : { word: 'runs', ms: Math.max(0, now - row.startedAt) }
    case 'scheduled':
      return row.notBefore === null
        ? null
        : { word: 'due in', ms: Math.max(0, row.notBefore - now) }
    default:
      return row.startedAt === null || row.finishedAt === null
        ? null
        : { word: 'ran', ms: Math.max(0, row.finishedAt - row.startedAt) }
  }
}

/** Which actions a task's state allows; the hub has the last word. */
export function mayCancel(state: StateName): boolean {
  return !hasEnded(state)
}

/** Only what ended without success can be put back into the queue. */
export function mayRetry(state: StateName): boolean {
  return state === 'dead_letter' || state === 'cancelled'
}

/** After its end nothing about a task can change. */
export function mayEdit(state: StateName): boolean {
  return !hasEnded(state)
}
