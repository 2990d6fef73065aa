/**
 * The hub's clock, seen from here. Every message says when it was made; the least difference seen
 * is the offset of the clocks, and what a message took more than that is lag.
 */

/** The offset is learnt anew in this many messages, because clocks drift and get corrected. */
const WINDOW = 600

export class HubClock {
  private least = Infinity
  private recent = Infinity
  private heard = 0

  /** Hears a time of the hub at a local time, and returns the lag in milliseconds. */
  hear(at: number, local: number): number {
    const difference = local - at
    this.recent = Math.min(this.recent, difference)
    this.least = Math.min(this.least, difference)
    if (++this.heard >= WINDOW) {
      this.least = this.recent
      this.recent = Infinity
      this.heard = 0
    }
    return Math.max(0, difference - this.least)
  }

  /** The time at the hub; the local one before anything was heard. */
  now(local: number): number {
    return this.least === Infinity ? local : local - this.least
  }
}
