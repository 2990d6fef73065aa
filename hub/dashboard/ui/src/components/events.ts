/** Events for people: what one says in a few words, its colour, and where it leads. */
import type { Envelope, HubEvent } from '@/api/types'

import { visible } from './text'
import { lookOf, type Tone } from './status'

/** The event in an envelope, in which the hub's list has them. */
export function fromEnvelope(event: Envelope): HubEvent {
  return {
    seq: event.seq,
    type: event.type,
    entity: event.target ?? '',
    actor: event.meta.actor_id,
    at: Math.round(event.timestamp * 1000),
    data: (event.payload ?? {}) as Record<string, unknown>,
  }
}

/** Where to go from an event: the page of what it is about, when there is one. */
export function pageOf(event: Pick<HubEvent, 'type' | 'entity'>): string | null {
  const id = encodeURIComponent(event.entity)
  if (event.type.startsWith('task.')) return `/tasks/${id}`
  if (event.type.startsWith('agent.') && event.type !== 'agent.deleted') return `/fleet/${id}`
  return null
}

const WORDS: Readonly<Record<string, (data: Readonly<Record<string, unknown>>) => string>> = {
  'task.created': (data) => `is ${say(data.state)}`,
  'task.assigned': (data) => `to ${say(data.agent_id)}`,
  'task.unassigned': (data) => `from ${say(data.agent_id)}: ${say(data.reason)}`,
  'task.status.changed': (data) => because(`${say(data.from)} → ${say(data.to)}`, data.reason),
  'task.updated': (data) => because(say(data.change), data.reason),
  'agent.offline': (data) => say(data.reason),
  'agent.status.changed': (data) => because(`${say(data.from)} → ${say(data.to)}`, data.note),
  'bulk.status.changed': (data) => `${say(data.from)} → ${say(data.to)}`,
  'bulk.created': (data) => `${say(data.action)} ${say(data.total)} ${say(data.about ?? 'tasks')}`,
  'dispatch.paused': (data) => because(data.label === null ? 'everything' : say(data.label), data.note),
  'dispatch.resumed': (data) => because(data.label === null ? 'everything' : say(data.label), data.reason),
}
const MOST_TEXT = 300

/** What an event says, in one line. */
export function inShort(event: HubEvent): string {
  const words = WORDS[event.type]?.(event.data) ?? pairs(event.data)
  return visible(words.slice(0, MOST_TEXT))
}

function because(text: string, reason: unknown): string {
  return reason === undefined || reason === null || reason === '' ? text : `${text}: ${say(reason)}`
}

function pairs(data: Readonly<Record<string, unknown>>): string {
  return Object.entries(data)
    .map(([name, value]) => `${name} ${say(value)}`)
    .join(', ')
}

function say(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}

/** The colour of an event: of what came of it, otherwise none. */
export function toneOf(event: HubEvent): Tone {
  if (event.type === 'task.status.changed') return lookOf(String(event.data.to)).tone
  return TONES[event.type] ?? 'off'
}

const TONES: Readonly<Record<string, Tone>> = {
  'task.created': 'queued',
  'task.assigned': 'assigned',
  'task.unassigned': 'warn',
  'agent.online': 'done',
  'agent.offline': 'warn',
  'dispatch.paused': 'paused',
  'auth.login.failed': 'failed',
  'rate_limit.violated': 'failed',
}
