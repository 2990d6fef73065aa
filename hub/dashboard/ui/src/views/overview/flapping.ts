/** Agents that come and go: counts how often each went away lately. Knows no clock. */

const WINDOW_MS = 10 * 60_000
const MANY = 3
const MOST_AGENTS = 2_000

/** Remembers when agents went away. */
export class Departures {
  private readonly times = new Map<string, number[]>()

  /** An agent went away. */
  note(agent: string, at: number): void {
    const known = this.times.get(agent) ?? []
    // Re-inserted, so that the one that has been quiet for longest is the first to be forgotten.
    this.times.delete(agent)
    this.times.set(agent, [...known.filter((time) => at - time < WINDOW_MS), at])
    const oldest = this.times.keys().next().value
    if (this.times.size > MOST_AGENTS && oldest !== undefined) this.times.delete(oldest)
  }

  /** Who went away several times within ten minutes, the most restless first. */
  restless(now: number): { id: string; times: number }[] {
    const found = []
    for (const [id, times] of this.times) {
      const recent = times.filter((time) => now - time < WINDOW_MS).length
      if (recent >= MANY) found.push({ id, times: recent })
    }
    return found.sort((a, b) => b.times - a.times)
  }
}
