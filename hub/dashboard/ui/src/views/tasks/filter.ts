/**
 * The language of the filter: typed tokens such as `state:running`, kept in the address.
 *
 * Tokens become the conditions of the API, and nothing else: whatever a filter shows can also be
 * the target of a bulk action. Free words are looked for in ids and descriptions (`text`), or in
 * everything when they stand alone.
 */
import type { StateName, TaskConditions } from '@/api/types'
import { PRIORITIES, STATES } from './rows'

export interface Token {
  name: string
  value: string
}

/** What is wrong with a token, in a sentence. */
export interface Flaw {
  token: Token
  message: string
}

/** The words for states that people type, beside the names themselves. */
const STATE_WORDS: Readonly<Record<string, StateName>> = {
  done: 'completed',
  failed: 'dead_letter',
  dead: 'dead_letter',
}

/** The tokens there are, with what they mean; the filter's menu shows them. */
export const TOKENS: readonly { name: string; hint: string }[] = [
  { name: 'state', hint: 'queued, running, failed, ...; several mean any of them' },
  { name: 'priority', hint: 'urgent, high, normal or low' },
  { name: 'agent', hint: 'the agent that has it, or ended it' },
  { name: 'label', hint: 'name=value; several mean all of them' },
  { name: 'submitter', hint: 'who submitted it' },
  { name: 'needs', hint: 'a capability that it needs' },
  { name: 'mission', hint: 'the mission it belongs to' },
  { name: 'after', hint: 'created since: 15m, 6h, 7d or 2026-11-21' },
  { name: 'before', hint: 'created earlier than: 15m, 6h, 7d or 2026-11-21' },
  { name: 'text', hint: 'a part of its id or description' },
]
const NAMES = new Set(TOKENS.map((token) => token.name))

/** Reads what somebody typed: `state:failed label:team=ops "two words"`. */
export function parse(text: string): Token[] {
  const tokens: Token[] = []
  const words: string[] = []
  for (const part of text.match(/(?:[a-z]+:)?"[^"]*"?|\S+/g) ?? []) {
    const colon = part.indexOf(':')
    const name = part.slice(0, Math.max(colon, 0))
    if (NAMES.has(name)) tokens.push({ name, value: unquoted(part.slice(colon + 1)) })
    else words.push(unquoted(part))
  }
  const free = words.join(' ').trim()
  if (free !== '') tokens.push({ name: 'text', value: free })
  return tokens.filter((token) => token.value !== '')
}

/** The tokens as text that `parse` reads back. */
export function print(tokens: readonly Token[]): string {
  return tokens.map((token) => `${token.name}:${quoted(token.value)}`).join(' ')
}

function unquoted(text: string): string {
  return text.startsWith('"') ? text.slice(1).replace(/"$/, '') : text
}

function quoted(text: string): string {
  return /\s/.test(text) ? `"${text.replaceAll('"', '')}"` : text
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A moment in ms: `6h` before `now`, a date, or a date with a time; null when it is neither. */
export function moment(text: string, now: number): number | null {
  const ago = /^(\d{1,6})([mhd])$/.exec(text)
  if (ago) return Math.max(0, now - Number(ago[1]) * (UNITS[ago[2] ?? ''] ?? 0))
  if (!/^\d{4}-\d{2}-\d{2}/.test(text)) return null
  const at = Date.parse(text.length === 10 ? `${text}T00:00` : text)
  return Number.isNaN(at) || at < 0 ? null : at
}

/** The conditions that tokens mean, and what could not be understood of them. */
export function conditionsOf(
  tokens: readonly Token[],
  now: number,
): { conditions: TaskConditions; flaws: Flaw[] } {
  const conditions: TaskConditions = {}
  const flaws: Flaw[] = []
  for (const token of tokens) {
    const message = add(conditions, token, now)
    if (message !== null) flaws.push({ token, message })
  }
  return { conditions, flaws }
}

/** Adds what a token means; a sentence when it means nothing. */
function add(conditions: TaskConditions, token: Token, now: number): string | null {
  const { name, value } = token
  switch (name) {
    case 'state':
      return addState(conditions, value)
    case 'priority':
      return addPriority(conditions, value)
    case 'label':
      return addLabel(conditions, value)
    case 'after':
    case 'before':
      return addMoment(conditions, name, value, now)
    default:
      return addWord(conditions, name, value)
  }
}

function addState(conditions: TaskConditions, value: string): string | null {
  const state = STATE_WORDS[value] ?? STATES.find((name) => name === value)
  if (state === undefined) return `There is no state “${value}”.`
  conditions.state = [...new Set([...(conditions.state ?? []), state])]
  return null
}

function addPriority(conditions: TaskConditions, value: string): string | null {
  const priority = PRIORITIES.find((name) => name === value)
  if (priority === undefined) return `There is no priority “${value}”.`
  conditions.priority = [...new Set([...(conditions.priority ?? []), priority])]
  return null
}

function addLabel(conditions: TaskConditions, value: string): string | null {
  const sign = value.indexOf('=')
  if (sign < 1) return 'A label is written name=value.'
  conditions.labels = { ...conditions.labels, [value.slice(0, sign)]: value.slice(sign + 1) }
  return null
}

function addMoment(
  conditions: TaskConditions,
  name: 'after' | 'before',
  value: string,
  now: number,
): string | null {
  const at = moment(value, now)
  if (at === null) return 'A time is 15m, 6h, 7d or 2026-11-21.'
  conditions[name === 'after' ? 'created_after' : 'created_before'] = at
  return null
}

const WORDS = { agent: 'agent', submitter: 'submitter', needs: 'capability', mission: 'mission' } as const

function addWord(conditions: TaskConditions, name: string, value: string): string | null {
  if (name === 'text') {
    conditions.text = conditions.text ? `${conditions.text} ${value}` : value
    return null
  }
  const field = WORDS[name as keyof typeof WORDS]
  if (field === undefined) return `There is no filter “${name}”.`
  conditions[field] = value
  return null
}

/** The conditions as a query of the list: labels are pairs there. */
export function queryOf(conditions: TaskConditions): Record<string, string | number | string[]> {
  const query: Record<string, string | number | string[]> = {}
  for (const [name, value] of Object.entries(conditions)) {
    if (value === null || value === undefined) continue
    if (name === 'labels') {
      query.label = Object.entries(value as Record<string, string>).map(([k, v]) => `${k}=${v}`)
    } else query[name] = value as string | number | string[]
  }
  return query
}

/** Whether a filter means every task. */
export function isEverything(conditions: TaskConditions): boolean {
  return Object.keys(conditions).length === 0
}

/** The words to look for everywhere, when nothing but free words and states was given. */
export function searchOf(tokens: readonly Token[]): string | null {
  const others = tokens.some((token) => token.name !== 'text' && token.name !== 'state')
  const words = tokens.filter((token) => token.name === 'text').map((token) => token.value)
  const text = words.join(' ')
  return others || text.length < 2 ? null : text
}

/** The conditions for a bulk action: all tasks are those in every state. */
export function targetOf(conditions: TaskConditions): TaskConditions {
  return isEverything(conditions) ? { state: [...STATES] } : conditions
}

/** The tokens with one more, or without it when they had it. */
export function toggled(tokens: readonly Token[], name: string, value: string): Token[] {
  const rest = tokens.filter((token) => token.name !== name || token.value !== value)
  return rest.length < tokens.length ? rest : [...rest, { name, value }]
}
