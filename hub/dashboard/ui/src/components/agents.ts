/** An agent as table, map and inspector show it. */
import type { Agent } from '@/api/types'

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
  if (!agent.active) return 'inactive'
  return agent.paused && agent.status !== 'offline' ? 'paused' : agent.status
}

/** Whether a status word holds. Paused agents count again under what they do. */
export function hasStatus(agent: FleetAgent, word: string): boolean {
  if (word === 'paused') return agent.paused
  if (word === 'inactive') return !agent.active
  return agent.status === word
}

/** The labels as people write them, in a steady order. */
export function labelWords(labels: Readonly<Record<string, string>>): string[] {
  return Object.keys(labels)
    .sort()
    .map((key) => (labels[key] === '' ? key : `${key}=${labels[key]}`))
}
