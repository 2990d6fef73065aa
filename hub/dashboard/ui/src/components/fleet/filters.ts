/** Which agents the filter tokens above the table let through, and how many there are of each. */

import { STATUSES, hasStatus, type FleetAgent } from '@/components/agents'
import type { Token } from '@/components/filters'

export type Offers = readonly (readonly string[])[]
type Test = (agent: FleetAgent) => boolean

/** What may stand before a colon, and its name. */
export const FILTER_KEYS = [
  { key: 'status', label: 'Status' },
  { key: 'cap', label: 'Capability' },
  { key: 'host', label: 'Host' },
  { key: 'label', label: 'Label' },
] as const

/** An agent has one status and one host, so several of these mean "any of them". */
const SINGLE = new Set(['status', 'host'])

/** The test that all tokens together make. It remembers offers, so make it anew with them. */
export function compile(tokens: readonly Token[], offers: Offers): Test {
  const tests = tokens.filter((one) => one.negated).map((one) => opposite(single(one, offers)))
  const wanted = tokens.filter((one) => !one.negated)
  for (const key of SINGLE) {
    const any = wanted.filter((one) => one.key === key).map((one) => single(one, offers))
    if (any.length > 0) tests.push((agent) => any.some((test) => test(agent)))
  }
  tests.push(...wanted.filter((one) => !SINGLE.has(one.key ?? '')).map((one) => single(one, offers)))
  return (agent) => tests.every((test) => test(agent))
}

function opposite(test: Test): Test {
  return (agent) => !test(agent)
}

function single({ key, value }: Token, offers: Offers): Test {
  if (key === 'status') return (agent) => hasStatus(agent, value.toLowerCase())
  const fits = matcher(value)
  if (key === 'host') return (agent) => agent.host !== null && fits(agent.host)
  if (key === 'cap') return byOffer(offers, fits)
  if (key === 'label') return byLabel(value)
  // A key that nobody knows is part of what is looked for, so that nothing is left out silently.
  const words = (key === null ? value : `${key}:${value}`).toLowerCase()
  return (agent) => isAbout(agent, words)
}

/**
 * Whole words, upper and lower case alike; `*` stands for anything. A filter comes from a link:
 * this goes through a text once, where a regular expression with many stars would not end.
 */
function matcher(value: string): (text: string) => boolean {
  const [head = '', ...middle] = value.toLowerCase().split('*')
  const tail = middle.pop()
  if (tail === undefined) return (text) => text.toLowerCase() === head
  return (given) => {
    const text = given.toLowerCase()
    const end = text.length - tail.length
    let at = head.length
    if (at > end || !text.startsWith(head) || !text.endsWith(tail)) return false
    for (const piece of middle) {
      const found = text.indexOf(piece, at)
      if (found < 0 || found + piece.length > end) return false
      at = found + piece.length
    }
    return true
  }
}

function byOffer(offers: Offers, fits: (text: string) => boolean): Test {
  const known = new Map<number, boolean>()
  return ({ offer }) => {
    let answer = known.get(offer)
    if (answer === undefined) {
      answer = (offers[offer] ?? []).some(fits)
      known.set(offer, answer)
    }
    return answer
  }
}

function byLabel(value: string): Test {
  const at = value.indexOf('=')
  const name = at < 0 ? value : value.slice(0, at)
  const fits = at < 0 ? () => true : matcher(value.slice(at + 1))
  return ({ labels }) => Object.hasOwn(labels, name) && fits(labels[name] ?? '')
}

function isAbout(agent: FleetAgent, words: string): boolean {
  return [agent.id, agent.name, agent.host ?? ''].some((text) => text.toLowerCase().includes(words))
}

/** A value that a filter may have, and how many agents it would leave. */
export interface Facet {
  readonly value: string
  readonly count: number
}

const MOST_FACETS = 50

/** How many of these agents have each value of a key; the most frequent first. */
export function facets(key: string, agents: Iterable<FleetAgent>, offers: Offers): Facet[] {
  const counts = new Map<string, number>()
  const add = (value: string, by = 1) => counts.set(value, (counts.get(value) ?? 0) + by)
  if (key === 'cap') countOffers(agents, offers, add)
  else for (const agent of agents) valuesOf(key, agent).forEach((value) => add(value))
  const found = [...counts].map(([value, count]) => ({ value, count }))
  if (key === 'status') return found.sort(byRank)
  return found.sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1)).slice(0, MOST_FACETS)
}

function countOffers(
  agents: Iterable<FleetAgent>,
  offers: Offers,
  add: (value: string, by: number) => void,
): void {
  const having = new Map<number, number>()
  for (const { offer } of agents) having.set(offer, (having.get(offer) ?? 0) + 1)
  for (const [offer, count] of having) (offers[offer] ?? []).forEach((value) => add(value, count))
}

function valuesOf(key: string, agent: FleetAgent): string[] {
  if (key === 'status') return STATUSES.filter((word) => hasStatus(agent, word))
  if (key === 'host') return agent.host === null ? [] : [agent.host]
  if (key === 'label') return Object.entries(agent.labels).map(([name, value]) => `${name}=${value}`)
  return []
}

function byRank(a: Facet, b: Facet): number {
  const rank = (facet: Facet) => (STATUSES as readonly string[]).indexOf(facet.value)
  return rank(a) - rank(b)
}
