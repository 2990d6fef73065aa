/** How long to wait before the next attempt: full jitter, so that many pages do not come back at once. */

export const LEAST_MS = 500
export const MOST_MS = 15_000

/** The wait before attempt number `attempt` (0 is the first after a loss). */
export function backoff(attempt: number, random: () => number = Math.random): number {
  const most = Math.min(MOST_MS, LEAST_MS * 2 ** Math.min(attempt + 1, 16))
  return LEAST_MS + random() * (most - LEAST_MS)
}
