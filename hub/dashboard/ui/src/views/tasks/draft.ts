/**
 * What somebody types into the form of a new task, and the task that it means.
 *
 * A draft is all text, as it was typed. It is kept for this browser tab, so that a session that
 * ends, or a page that is loaded anew, loses nothing.
 */
import type { TaskSpec, TaskView } from '@/api/types'
import { priorityOf, type Priority } from './rows'

export type Kind = 'none' | 'command' | 'python'

export interface Draft {
  description: string
  kind: Kind
  /** One argument a line. */
  argv: string
  cwd: string
  /** `NAME=value`, one a line. */
  env: string
  target: string
  kwargs: string
  payload: string
  metadata: string
  /** Separated by commas. */
  needs: string
  assign_to: string
  priority: Priority
  fairness_key: string
  /** `name=value`, one a line. */
  labels: string
  timeout: string
  max_attempts: string
  /** A JSON object: base_ms, factor, cap_ms. */
  retry: string
  mission_id: string
  not_before: string
  complete_by: string
}

/** The fields at which the form can say what is wrong. */
export const FIELDS: ReadonlySet<string> = new Set([
  'description', 'kind', 'argv', 'cwd', 'env', 'target', 'kwargs', 'payload', 'metadata', 'needs',
  'assign_to', 'priority', 'fairness_key', 'labels', 'timeout_ms', 'max_attempts', 'retry',
  'mission_id', 'not_before', 'complete_by',
])

export function emptyDraft(): Draft {
  return {
    description: '',
    kind: 'none',
    argv: '',
    cwd: '',
    env: '',
    target: '',
    kwargs: '',
    payload: '',
    metadata: '',
    needs: '',
    assign_to: '',
    priority: 'normal',
    fairness_key: '',
    labels: '',
    timeout: '',
    max_attempts: '3',
    retry: '',
    mission_id: '',
    not_before: '',
    complete_by: '',
  }
}

/** A draft that means the same work as a task; its times are over, so they are left out. */
export function draftOf(task: TaskView): Draft {
  const draft = emptyDraft()
  draft.description = task.description
  draft.payload = json(task.payload)
  draft.metadata = json(task.metadata)
  draft.needs = (task.needs ?? []).join(', ')
  draft.assign_to = task.assign_to ?? ''
  draft.priority = priorityOf(task.priority)
  draft.fairness_key = task.fairness_key ?? ''
  draft.labels = pairs(task.labels)
  draft.timeout = task.timeout_ms ? durationText(task.timeout_ms) : ''
  draft.max_attempts = String(task.max_attempts)
  draft.retry = json(task.retry ?? undefined)
  draft.mission_id = task.mission_id ?? ''
  const run = task.run
  if (run?.kind === 'command') {
    draft.kind = 'command'
    draft.argv = run.argv.map(argumentText).join('\n')
    draft.cwd = run.cwd ?? ''
    draft.env = pairs(run.env)
  } else if (run?.kind === 'python') {
    draft.kind = 'python'
    draft.target = run.target
    draft.kwargs = json(run.kwargs)
  }
  return draft
}

function json(value: unknown): string {
  return value === undefined ? '' : JSON.stringify(value, null, 2)
}

function pairs(values: Readonly<Record<string, string>> | null | undefined): string {
  return Object.entries(values ?? {})
    .map(([name, value]) => `${name}=${argumentText(value)}`)
    .join('\n')
}

/** An argument in one line: in JSON's quotes if it has to be, or looks as if it were. */
function argumentText(text: string): string {
  return text === '' || /[\n\r]|^\s|\s$|^"/.test(text) ? JSON.stringify(text) : text
}

/** The task that a draft means, and what keeps it from meaning one, by field. */
export function specOf(draft: Draft): { spec: TaskSpec; flaws: Record<string, string[]> } {
  const reader = new Reader()
  const spec: TaskSpec = { description: draft.description }
  if (draft.description.trim() === '') reader.flaw('description', 'Say what is to be done.')
  const run = runOf(draft, reader)
  if (run) spec.run = run
  if (draft.payload.trim()) spec.payload = reader.json('payload', draft.payload) as TaskSpec['payload']
  if (draft.metadata.trim()) spec.metadata = reader.object('metadata', draft.metadata) as TaskSpec['metadata']
  const needs = words(draft.needs)
  if (needs.length > 0) spec.needs = needs
  if (draft.assign_to.trim()) spec.assign_to = draft.assign_to.trim()
  if (draft.priority !== 'normal') spec.priority = draft.priority
  if (draft.fairness_key.trim()) spec.fairness_key = draft.fairness_key.trim()
  const labels = reader.pairs('labels', draft.labels)
  if (labels) spec.labels = labels
  if (draft.timeout.trim()) spec.timeout_ms = reader.duration('timeout_ms', draft.timeout)
  spec.max_attempts = reader.count('max_attempts', draft.max_attempts)
  if (draft.retry.trim()) spec.retry = reader.object('retry', draft.retry) as TaskSpec['retry']
  if (draft.mission_id.trim()) spec.mission_id = draft.mission_id.trim()
  if (draft.not_before) spec.not_before = reader.time('not_before', draft.not_before)
  if (draft.complete_by) spec.complete_by = reader.time('complete_by', draft.complete_by)
  return { spec, flaws: reader.flaws }
}

function runOf(draft: Draft, reader: Reader): TaskSpec['run'] {
  if (draft.kind === 'command') {
    const argv = reader.lines('argv', draft.argv)
    if (argv.length === 0) reader.flaw('argv', 'Name the program to run.')
    const env = reader.pairs('env', draft.env)
    const cwd = draft.cwd.trim()
    return { kind: 'command', argv, ...(cwd && { cwd }), ...(env && { env }) } as TaskSpec['run']
  }
  if (draft.kind === 'python') {
    const target = draft.target.trim()
    if (target === '') reader.flaw('target', 'Name the function, as module:function.')
    const kwargs = draft.kwargs.trim() ? reader.object('kwargs', draft.kwargs) : undefined
    return { kind: 'python', target, ...(kwargs !== undefined && { kwargs }) } as TaskSpec['run']
  }
  return undefined
}

function words(text: string): string[] {
  return text.split(',').map((word) => word.trim()).filter((word) => word !== '')
}

const UNITS: Readonly<Record<string, number>> = {
  ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000,
}

/** How long `90s`, `5 min` or `2h` is, in ms; a number alone means seconds. Null when unclear. */
export function durationOf(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d)?$/.exec(text.trim())
  if (!match) return null
  return Math.round(Number(match[1]) * (UNITS[match[2] ?? 's'] ?? 0))
}

function durationText(ms: number): string {
  for (const unit of ['d', 'h', 'min', 's'] as const) {
    const length = UNITS[unit] ?? 1
    if (ms % length === 0) return `${ms / length} ${unit}`
  }
  return `${ms} ms`
}

/** Reads fields and remembers what is wrong with them. */
class Reader {
  readonly flaws: Record<string, string[]> = {}

  flaw(field: string, message: string): void {
    ;(this.flaws[field] ??= []).push(message)
  }

  json(field: string, text: string): unknown {
    try {
      return JSON.parse(text) as unknown
    } catch (error) {
      this.flaw(field, `Not JSON: ${error instanceof Error ? error.message : String(error)}`)
      return null
    }
  }

  object(field: string, text: string): unknown {
    const value = this.json(field, text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    if (!isObject && !(field in this.flaws)) this.flaw(field, 'It has to be a JSON object: {…}.')
    return value
  }

  /** One value a line; what begins with a quote is a JSON string. */
  lines(field: string, text: string): string[] {
    return text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .map((line) => this.word(field, line))
  }

  pairs(field: string, text: string): Record<string, string> | null {
    const found: Record<string, string> = {}
    for (const line of text.split('\n')) {
      const sign = line.indexOf('=')
      if (line.trim() === '') continue
      if (sign < 1) this.flaw(field, `“${line.trim()}” is not name=value.`)
      else found[line.slice(0, sign).trim()] = this.word(field, line.slice(sign + 1).trim())
    }
    return Object.keys(found).length > 0 ? found : null
  }

  duration(field: string, text: string): number {
    const ms = durationOf(text)
    if (ms === null) this.flaw(field, 'Write 90s, 5 min or 2h.')
    return ms ?? 0
  }

  count(field: string, text: string): number {
    if (!/^\d{1,3}$/.test(text.trim())) this.flaw(field, 'Write a whole number.')
    return Number(text) || 0
  }

  time(field: string, text: string): number {
    const at = Date.parse(text)
    if (Number.isNaN(at)) this.flaw(field, 'That is not a date and a time.')
    return at || 0
  }

  private word(field: string, text: string): string {
    if (!text.startsWith('"')) return text
    const value = this.json(field, text)
    if (typeof value !== 'string' && !(field in this.flaws)) this.flaw(field, 'Not a JSON string.')
    return String(value)
  }
}
