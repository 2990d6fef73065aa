/** How an agent looks on the map: a number for each look, so that only changes are painted. */

import { STATUSES, standing, type FleetAgent } from '@/components/agents'

/** How many levels of filled slots can be told apart in a small cell. */
export const LEVELS = 8

const FACES = new Map<string, number>(STATUSES.map((word, index) => [word, index]))
const UNKNOWN = FACES.get('offline') ?? 0

/** The look of an agent: which status, and how many of its slots are taken, in levels. */
export function faceOf(agent: FleetAgent): number {
  const status = FACES.get(standing(agent)) ?? UNKNOWN
  return status * (LEVELS + 1) + levelOf(agent.running, agent.slots)
}

/** Nothing is 0 and everything is the highest; what is between is never shown as either. */
export function levelOf(running: number, slots: number): number {
  if (running <= 0) return 0
  if (running >= slots) return LEVELS
  return Math.min(LEVELS - 1, Math.max(1, Math.round((running / slots) * LEVELS)))
}

/** The status word of a look. */
export function statusOf(face: number): string {
  return STATUSES[Math.floor(face / (LEVELS + 1))] ?? 'offline'
}

/** The share of slots that a look shows as taken, 0 to 1. */
export function shareOf(face: number): number {
  return (face % (LEVELS + 1)) / LEVELS
}

/** How many of these looks there are of each status, in the order of the legend. */
export function tally(faces: Iterable<number>): { status: string; count: number }[] {
  const counts = new Array<number>(STATUSES.length).fill(0)
  for (const face of faces) {
    const status = Math.floor(face / (LEVELS + 1))
    counts[status] = (counts[status] ?? 0) + 1
  }
  return STATUSES.map((status, index) => ({ status, count: counts[index] ?? 0 }))
}
