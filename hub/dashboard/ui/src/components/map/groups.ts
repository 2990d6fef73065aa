/** Which agents stand together on the map. */

import { STATUSES, standing, type FleetAgent } from '@/components/agents'

import type { Group } from './packing'

export const GROUPINGS = [
  { value: 'none', label: 'None' },
  { value: 'host', label: 'Host' },
  { value: 'capability', label: 'Capability' },
  { value: 'status', label: 'Status' },
] as const
export type Grouping = (typeof GROUPINGS)[number]['value']

type Capabilities<Agent> = (agent: Agent) => readonly string[]

/** More groups would be a map of names; what is left stands together at the end. */
const MOST_GROUPS = 80
const FEWEST_EACH = 4
const NATURAL = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })
const RANK = new Map<string, number>(STATUSES.map((word, rank) => [word, rank]))

/** What the address names; without it, hosts when there are several with several agents each. */
export function readGrouping(text: unknown, agents: readonly FleetAgent[]): Grouping {
  const known = GROUPINGS.find((grouping) => grouping.value === text)
  return known?.value ?? usualGrouping(agents)
}

function usualGrouping(agents: readonly FleetAgent[]): Grouping {
  const hosts = new Set(agents.map((agent) => agent.host))
  const areFew = hosts.size > 1 && hosts.size <= MOST_GROUPS
  return areFew && agents.length / hosts.size >= FEWEST_EACH ? 'host' : 'none'
}

/** Agents in the order of the map: by name, numbers as people count. */
export function ordered<Agent extends FleetAgent>(agents: Iterable<Agent>): Agent[] {
  return [...agents].sort(
    (a, b) => NATURAL.compare(a.name, b.name) || (a.id < b.id ? -1 : 1),
  )
}

/** The groups, the largest first, so that shelves fill well; states in their own order. */
export function groupsOf<Agent extends FleetAgent>(
  agents: readonly Agent[],
  grouping: Grouping,
  capabilities: Capabilities<Agent>,
): Group[] {
  if (grouping === 'none') return [{ key: '', label: '', members: agents.map((_, index) => index) }]
  const found = new Map<string, number[]>()
  agents.forEach((agent, index) => {
    const key = keyOf(agent, grouping, capabilities)
    const members = found.get(key)
    if (members === undefined) found.set(key, [index])
    else members.push(index)
  })
  const groups = [...found].map(([key, members]) => ({ key, label: key, members }))
  if (grouping === 'status') return groups.sort((a, b) => rank(a.key) - rank(b.key))
  groups.sort((a, b) => b.members.length - a.members.length || NATURAL.compare(a.key, b.key))
  return gathered(groups)
}

function rank(status: string): number {
  return RANK.get(status) ?? STATUSES.length
}

function gathered(groups: Group[]): Group[] {
  if (groups.length <= MOST_GROUPS) return groups
  const rest = groups.slice(MOST_GROUPS - 1)
  const members = rest.flatMap((group) => group.members).sort((a, b) => a - b)
  const others = { key: '\u0000others', label: `${rest.length} others`, members }
  return [...groups.slice(0, MOST_GROUPS - 1), others]
}

function keyOf<Agent extends FleetAgent>(
  agent: Agent,
  grouping: Grouping,
  capabilities: Capabilities<Agent>,
): string {
  if (grouping === 'host') return agent.host ?? 'unknown host'
  if (grouping === 'status') return standing(agent)
  const offer = capabilities(agent)
  return offer.length === 0 ? 'no capabilities' : offer.join(', ')
}
