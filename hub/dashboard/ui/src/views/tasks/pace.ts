/**
 * How often rows are asked for. Whoever reads on gets the next ones at once; while the bar is
 * dragged, each frame jumps to other rows, and asking for all that fly past would use up in
 * seconds what a person may read in minutes.
 */

/** After a jump the next one has to wait so long; only where it ends is asked for. */
export const JUMP_MS = 120

export class Pace {
  private wanted = { first: 0, last: 0 }
  private asked = { first: 0, last: 0 }
  private askedAt = -Infinity
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly ask: (first: number, last: number) => void) {}

  /** These rows are looked at now. */
  show(first: number, last: number): void {
    this.wanted = { first, last }
    const isNear = first <= this.asked.last && last >= this.asked.first
    if (isNear || Date.now() - this.askedAt >= JUMP_MS) this.now()
    else this.timer ??= setTimeout(() => this.now(), JUMP_MS)
  }

  stop(): void {
    clearTimeout(this.timer)
    this.timer = undefined
  }

  private now(): void {
    this.stop()
    this.asked = this.wanted
    this.askedAt = Date.now()
    this.ask(this.wanted.first, this.wanted.last)
  }
}
