/** What is left of the rates. */
import type { LimitView } from '@/api/types'

/** The share that is used, from 0 to 1. */
export function usedShare(limit: Pick<LimitView, 'burst' | 'remaining'>): number {
  if (limit.burst <= 0) return 1
  return Math.min(1, Math.max(0, 1 - limit.remaining / limit.burst))
}

/** How many ms until there is one again; 0 while there is. */
export function untilOne(limit: Pick<LimitView, 'per_minute' | 'remaining'>): number {
  if (limit.remaining >= 1 || limit.per_minute <= 0) return 0
  return ((1 - limit.remaining) / limit.per_minute) * 60_000
}

/** Output of tasks is counted in bytes, everything else in pieces. */
export function isBytes(tier: string): boolean {
  return tier === 'logs'
}
