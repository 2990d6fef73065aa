/** Which events the filter lets through: what the hub can sift, and what is left for the page. */

import { EventSelectors, type HubEvent } from '@/api/types'
import { parseFilter, type Token } from '@/components/filters'


/** The filter, ready for use. */
export interface Wanted {
  /** For the hub's route. */
  readonly query: { readonly type: string[]; readonly entity?: string; readonly actor?: string }
  /** For what comes live, and for what the hub cannot sift. */
  readonly fits: (event: HubEvent) => boolean
}

type Test = (event: HubEvent) => boolean

/** The filter of a text as the address has it. */
export function wantedBy(text: string): Wanted {
  const tokens = parseFilter(text).filter((token) => token.value !== '')
  const values = (key: string) =>
    tokens.filter((token) => token.key === key && !token.negated).map((token) => token.value)
  return {
    query: {
      type: typesFor(tokens.filter((token) => token.key === 'type')),
      ...only('entity', values('entity')),
      ...only('actor', values('actor')),
    },
    fits: fitting(tokens),
  }
}

/** The hub is told every type that may come through, so that it can sift also what is negated. */
function typesFor(tokens: readonly Token[]): string[] {
  if (tokens.length === 0) return []
  const fits = fitting(tokens)
  return TYPES.filter((type) => fits({ type, seq: 0, entity: '', actor: '', at: 0, data: {} }))
}

/** The hub knows one entity and one actor; more than one is left for the page. */
function only(key: 'entity' | 'actor', values: string[]): { entity?: string; actor?: string } {
  const [value] = values
  return values.length === 1 && value !== undefined ? { [key]: value } : {}
}

/** Tokens of one key mean any of them; negated ones and free text mean each of them. */
function fitting(tokens: readonly Token[]): Test {
  const tests: Test[] = []
  for (const key of new Set(tokens.map((token) => token.key))) {
    const same = tokens.filter((token) => token.key === key)
    const any = same.filter((token) => !token.negated && key !== null).map(testOf)
    if (any.length > 0) tests.push((event) => any.some((test) => test(event)))
    const none = same.filter((token) => token.negated).map(testOf)
    tests.push(...none.map((test): Test => (event) => !test(event)))
    if (key === null) tests.push(...same.filter((token) => !token.negated).map(testOf))
  }
  return (event) => tests.every((test) => test(event))
}

function testOf(token: Token): Test {
  const value = valueOf(token)
  if (token.key === 'type') return (event) => isOfType(event.type, value)
  if (token.key === 'entity') return (event) => event.entity === value
  if (token.key === 'actor') return (event) => event.actor === value
  const words = (token.key === null ? value : `${token.key}:${value}`).toLowerCase()
  return (event) => textOf(event).includes(words)
}

function valueOf(token: Token): string {
  return token.key === 'type' ? token.value.toLowerCase() : token.value
}

/** `task` and `task.*` both mean the family. */
function isOfType(type: string, wanted: string): boolean {
  const family = wanted.endsWith('.*') ? wanted.slice(0, -2) : wanted
  return type === wanted || type.startsWith(`${family}.`)
}

function textOf(event: HubEvent): string {
  return `${event.type} ${event.entity} ${event.actor} ${JSON.stringify(event.data)}`.toLowerCase()
}

/** Every type that the hub knows, without the families. */
const TYPES = EventSelectors.filter((name) => !name.endsWith('.*'))
