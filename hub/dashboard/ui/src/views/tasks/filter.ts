/**
 * What the tokens of the filter mean to the hub.
 *
 * They become the conditions of the API, and nothing else: whatever a filter shows can also be
 * the target of a bulk action. Free words are looked for in ids and descriptions; when nothing
 * but words and states is given, in everything.
 */
import type { StateName, TaskConditions } from '@/api/types'
import { parseFilter, writeFilter, writeToken, type FilterKey, type Token } from '@/components/filters'

import { PRIORITIES, STATES, type Priority } from './rows'

/** The words for states that people type, beside the names themselves. */
const STATE_WORDS: Readonly<Record<string, StateName>> = {
  done: 'completed',
  failed: 'dead_letter',
  dead: 'dead_letter',
}

/** What may stand before a colon; `counts` tells how many tasks are in a state. */
export function filterKeys(
  counts: (state: StateName) => number | undefined,
  agents: () => readonly string[],
): FilterKey[] {
  const times = () => ['15m', '1h', '6h', '24h', '7d'].map((value) => ({ value }))
  return [
    { key: 'state', label: 'Where it stands', values: () => STATES.map((state) => ({ value: wordOf(state), count: counts(state) })) },
    { key: 'priority', label: 'How urgent it is', values: () => PRIORITIES.map((value) => ({ value })) },
    { key: 'agent', label: 'Which agent has it, or ended it', values: () => agents().map((value) => ({ value })) },
    { key: 'label', label: 'name=value' },
    { key: 'submitter', label: 'Who submitted it' },
    { key: 'needs', label: 'A capability that it needs' },
    { key: 'mission', label: 'The mission it belongs to' },
    { key: 'after', label: 'Created since: 6h, 7d, 2026-11-21', values: times },
    { key: 'before', label: 'Created earlier than: 6h, 7d, 2026-11-21', values: times },
    { key: 'text', label: 'A part of its id or description' },
  ]
}

/** The word for a state that people read and type. */
export function wordOf(state: StateName): string {
  if (state === 'completed') return 'done'
  return state === 'dead_letter' ? 'failed' : state
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A moment in ms: `6h` before `now`, a date, or a date with a time; null when it is neither. */
export function moment(text: string, now: number): number | null {
  const ago = /^(\d{1,6})([mhd])$/.exec(text)
  if (ago) return Math.max(0, Math.round(now - Number(ago[1]) * UNITS[ago[2]!]!))
  if (!/^\d{4}-\d{2}-\d{2}/.test(text)) return null
  const at = Date.parse(text.length === 10 ? `${text}T00:00` : text)
  return Number.isNaN(at) || at < 0 ? null : at
}

export interface Meaning {
  conditions: TaskConditions
  /** What could not be understood, in sentences. */
  flaws: string[]
}

/** The conditions that a filter means. */
export function meaningOf(text: string, now: number): Meaning {
  const tokens = parseFilter(text).filter((token) => token.value !== '')
  const conditions: TaskConditions = {}
  const flaws = tokens.flatMap((token) => add(conditions, token, now) ?? [])
  for (const name of ['state', 'priority'] as const) {
    if (conditions[name]?.length === 0) flaws.push(`No ${name} is left.`)
  }
  return { conditions, flaws }
}

function stateOf(word: string): string {
  return (Object.hasOwn(STATE_WORDS, word) ? STATE_WORDS[word] : undefined) ?? word
}

/** Adds what a token means; a sentence when it means nothing. */
function add(conditions: TaskConditions, token: Token, now: number): string | null {
  const { key, value, negated } = token
  if (key === 'state') return addOneOf(conditions, 'state', STATES, stateOf(value), negated)
  if (key === 'priority') return addOneOf(conditions, 'priority', PRIORITIES, value, negated)
  if (negated) return `Only states and priorities can be left out, not “${writeToken(token)}”.`
  if (key === 'label') return addLabel(conditions, value)
  if (key === 'after' || key === 'before') return addMoment(conditions, key, value, now)
  return addWord(conditions, key, value)
}

/** Any of several values; left-out ones leave the others. */
function addOneOf<T extends StateName | Priority>(
  conditions: TaskConditions,
  name: 'state' | 'priority',
  all: readonly T[],
  value: string,
  negated: boolean,
): string | null {
  const one = all.find((known) => known === value)
  if (one === undefined) return `There is no ${name} “${value}”.`
  const before = conditions[name] as T[] | undefined
  const next = negated ? (before ?? [...all]).filter((other) => other !== one) : [...new Set([...(before ?? []), one])]
  ;(conditions as Record<string, T[]>)[name] = next
  return null
}

function addLabel(conditions: TaskConditions, value: string): string | null {
  const sign = value.indexOf('=')
  if (sign < 1) return 'A label is written name=value.'
  const [name, wanted] = [value.slice(0, sign), value.slice(sign + 1)]
  // A Map, because `__proto__` is a label's name like any other.
  const known = new Map(Object.entries(conditions.labels ?? {}))
  if ((known.get(name) ?? wanted) !== wanted) return `A task has only one value of the label ${name}.`
  conditions.labels = Object.fromEntries(known.set(name, wanted))
  return null
}

function addMoment(conditions: TaskConditions, key: 'after' | 'before', value: string, now: number): string | null {
  const at = moment(value, now)
  if (at === null) return 'A time is written 15m, 6h, 7d or 2026-11-21.'
  const field = key === 'after' ? 'created_after' : 'created_before'
  if (conditions[field] !== undefined) return `Only one ${key} can be looked for.`
  conditions[field] = at
  return null
}

const FIELDS = { agent: 'agent', submitter: 'submitter', needs: 'capability', mission: 'mission' } as const

function addWord(conditions: TaskConditions, key: string | null, value: string): string | null {
  if (key === null || key === 'text') {
    conditions.text = conditions.text ? `${conditions.text} ${value}` : value
    return null
  }
  const field = Object.hasOwn(FIELDS, key) ? FIELDS[key as keyof typeof FIELDS] : undefined
  if (field === undefined) return `There is no filter “${key}”.`
  if (conditions[field] !== undefined) return `Only one ${key} can be looked for.`
  conditions[field] = value
  return null
}

type Query = Record<string, string | number | string[]>

/** The conditions as a query of the list: labels are pairs there. */
export function queryOf(conditions: TaskConditions): Query {
  const query: Query = {}
  for (const [name, value] of Object.entries(conditions)) {
    if (value === null || value === undefined) continue
    if (name === 'labels') {
      query.label = Object.entries(value as Record<string, string>).map(([key, text]) => `${key}=${text}`)
    } else query[name] = value as string | number | string[]
  }
  return query
}

/** The words to look for everywhere, when nothing but free words and states was given. */
export function searchOf(text: string): string | null {
  const tokens = parseFilter(text).filter((token) => token.value !== '')
  const words = tokens.filter((token) => token.key === null && !token.negated).map((token) => token.value)
  const isMore = tokens.some((token) => token.key !== null && token.key !== 'state')
  return isMore || words.join(' ').length < 2 ? null : words.join(' ')
}

/** The conditions for a bulk action: all tasks are those in every state. */
export function targetOf(conditions: TaskConditions): TaskConditions {
  return Object.keys(conditions).length === 0 ? { state: [...STATES] } : conditions
}

/** The states that a filter names one by one. */
export function statesIn(text: string): StateName[] {
  return parseFilter(text)
    .filter((token) => token.key === 'state' && !token.negated)
    .flatMap((token) => STATES.find((state) => state === stateOf(token.value)) ?? [])
}

/** The filter for tasks of one state, and no other. */
export function withOnlyState(text: string, state: StateName): string {
  const rest = parseFilter(text).filter((token) => token.key !== 'state')
  return writeFilter([{ key: 'state', value: wordOf(state), negated: false }, ...rest])
}

/** The filter with one state more, or without it when it had it. */
export function toggledState(text: string, state: StateName): string {
  const has = statesIn(text).includes(state)
  const isIt = (token: Token) => token.key === 'state' && stateOf(token.value) === state
  const rest = parseFilter(text).filter((token) => !isIt(token))
  return writeFilter(has ? rest : [{ key: 'state', value: wordOf(state), negated: false }, ...rest])
}
