/**
 * The hub's clock, seen from here. Every message says when it was made; the least difference seen
 * is the offset of the clocks, and what a message took more than that is lag.
 *
 * A lag that never changes looks like an offset. A request tells them apart: its answer was made
 * while it was under way, so that the offset cannot be more than its round trip allows.
 */

/** The offset is learnt anew in this many messages, because clocks drift and get corrected. */
const WINDOW = 600
/** What answers a request may have been made so long before it was asked for. */
const KEPT_MS = 1_000
/** The hub may think so long before it reads its clock: of a slow round trip, the rest is shared both ways. */
const THINKS_MS = 500

export class HubClock {
  private least = Infinity
  private recent = Infinity
  private heard = 0
  /** The offset is not more than this, as far as the last request could say. */
  private most = Infinity
  private isHeld = false

  /** Hears a time of the hub at a local time, and returns the lag in milliseconds. */
  hear(at: number, local: number): number {
    const difference = local - at
    this.recent = Math.min(this.recent, difference)
    this.least = Math.min(this.least, difference)
    if (++this.heard >= WINDOW) {
      this.isHeld = this.recent > this.most
      this.least = Math.min(this.recent, this.most)
      this.forget()
    }
    return Math.max(0, difference - this.least)
  }

  /** Hears the time of the hub that answers a request, which was sent and answered at local times. */
  hearAnswer(at: number, sent: number, answered: number): void {
    const half = (answered - sent) / 2
    this.most = sent + half - at + Math.min(half, THINKS_MS)
    // What cannot be was true before a clock was corrected, or is a lag.
    if (this.least > this.most || this.least < sent - at - KEPT_MS) this.least = this.most
    this.isHeld = false
    this.forget()
  }

  /** Another request would tell: there was none, or its answer and the messages have parted since. */
  get isDoubtful(): boolean {
    return this.most === Infinity || this.isHeld
  }

  /** The time at the hub; the local one before anything was heard. */
  now(local: number): number {
    return this.least === Infinity ? local : local - this.least
  }

  private forget(): void {
    this.recent = Infinity
    this.heard = 0
  }
}
