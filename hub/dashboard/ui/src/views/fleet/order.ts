/** The order of the fleet's rows, and how far a new order is from the one that is shown. */

import { STATUSES, standing, type FleetAgent } from '@/components/agents'
import type { Offers } from '@/components/fleet/filters'

export const SORT_KEYS = ['id', 'status', 'slots', 'running', 'host', 'cap', 'seen'] as const
export type SortKey = (typeof SORT_KEYS)[number]

/** What the table is sorted by. */
export interface Sort {
  readonly key: SortKey
  readonly down: boolean
}

type Compare = (a: FleetAgent, b: FleetAgent) => number

const RANK = new Map<string, number>(STATUSES.map((word, rank) => [word, rank]))
const NEVER = -1
const NOW = Number.MAX_SAFE_INTEGER

/** `seen:desc` and the like, as the address has it; anything else is by id. */
export function readSort(text: unknown): Sort {
  const [key, way] = String(text ?? '').split(':')
  const known = SORT_KEYS.find((each) => each === key)
  return known === undefined ? { key: 'id', down: false } : { key: known, down: way === 'desc' }
}

/** How the address says it; nothing for the order that stands without a word. */
export function sortText(sort: Sort): string | undefined {
  if (sort.key === 'id' && !sort.down) return undefined
  return sort.down ? `${sort.key}:desc` : sort.key
}

/** Compares two agents; those alike go by id, so that the order is always the same. */
export function comparing(sort: Sort, offers: Offers): Compare {
  const way = sort.down ? -1 : 1
  if (sort.key === 'id') return (a, b) => way * byText(a.id, b.id)
  const value = valueOf(sort.key, offers)
  return (a, b) => way * byValue(value(a), value(b)) || byText(a.id, b.id)
}

function valueOf(key: SortKey, offers: Offers): (agent: FleetAgent) => string | number {
  switch (key) {
    case 'status':
      return (agent) => RANK.get(standing(agent)) ?? RANK.size
    case 'slots':
      return (agent) => (agent.slots === 0 ? NEVER : agent.running / agent.slots)
    case 'running':
      return (agent) => agent.running
    case 'host':
      return (agent) => agent.host ?? '\uffff'
    case 'cap': {
      const names = offers.map((offer) => offer.join(' '))
      return (agent) => names[agent.offer] || '\uffff'
    }
    case 'seen':
      return (agent) => (agent.status === 'offline' ? (agent.seen_at ?? NEVER) : (agent.seen_at ?? NOW))
    default:
      return (agent) => agent.id
  }
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function byValue(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The ids that pass, in order. It begins with the order before, which is mostly right still. */
export function arrange(
  agents: ReadonlyMap<string, FleetAgent>,
  before: readonly string[],
  passes: (agent: FleetAgent) => boolean,
  compare: Compare,
): string[] {
  const known = new Set(before)
  const rows: FleetAgent[] = []
  const take = (agent: FleetAgent | undefined) => {
    if (agent !== undefined && passes(agent)) rows.push(agent)
  }
  for (const id of before) take(agents.get(id))
  for (const [id, agent] of agents) if (!known.has(id)) take(agent)
  return rows.sort(compare).map((agent) => agent.id)
}

/** How many rows would come, go or move if the new order were shown. */
export function changes(shown: readonly string[], next: readonly string[]): number {
  const places = new Map(shown.map((id, place) => [id, place]))
  const kept: number[] = []
  for (const id of next) {
    const place = places.get(id)
    if (place !== undefined) kept.push(place)
  }
  const gone = shown.length - kept.length
  const come = next.length - kept.length
  return gone + come + kept.length - longestRise(kept)
}

/** The length of the longest rising subsequence: the rows that can stay where they are. */
function longestRise(places: readonly number[]): number {
  const ends: number[] = []
  for (const place of places) {
    if (ends.length === 0 || place > (ends[ends.length - 1] as number)) {
      ends.push(place)
      continue
    }
    ends[firstNotBelow(ends, place)] = place
  }
  return ends.length
}

function firstNotBelow(sorted: readonly number[], value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] as number) < value) low = middle + 1
    else high = middle
  }
  return low
}

/** Whether two orders are the same. */
export function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((id, place) => id === b[place])
}
