/** An agent as the fleet's table, map and inspector see it. */

import type { Agent } from '@/api/types'
import { agentStatus } from '@/components/status'

/** A row of the live picture; it is replaced, never changed. */
export type FleetAgent = Readonly<Agent>

/** Every word that `status:` knows, in the order in which they are listed and sorted. */
export const STATUSES = [
  'working',
  'idle',
  'paused',
  'draining',
  'drained',
  'stale',
  'offline',
  'inactive',
] as const

export type Status = (typeof STATUSES)[number]

/** The one word that says most about an agent: what people decided goes before what it does. */
export function standing(agent: Pick<FleetAgent, 'status' | 'paused' | 'active'>): string {
  return agent.active ? agentStatus(agent) : 'inactive'
}

/** Whether a status word holds. Paused agents count again under what they do. */
export function hasStatus(agent: FleetAgent, word: string): boolean {
  if (word === 'paused') return agent.paused
  if (word === 'inactive') return !agent.active
  return agent.status === word
}

/** What the agent may be given: nothing while it is paused, draining, gone or out of use. */
export function takesWork(agent: FleetAgent): boolean {
  const isThere = agent.status === 'idle' || agent.status === 'working'
  return isThere && agent.active && !agent.paused && !agent.draining
}

/** The labels as people write them, in a steady order. */
export function labelWords(labels: Readonly<Record<string, string>>): string[] {
  return Object.keys(labels)
    .sort()
    .map((key) => (labels[key] === '' ? key : `${key}=${labels[key]}`))
}
