/**
 * Which rows of a long list are on the screen. Knows no element.
 *
 * Browsers stop at some 18 to 33 million pixels, which 1,000,000 rows reach. So the bar's range
 * is capped, and the list keeps an offset of its own: small scrolls move it by exactly their
 * pixels, jumps of the bar by their share of the whole, and the bar is put right when idle.
 */

/** Below the least limit of any browser. */
export const MOST_PX = 12_000_000
/** Rows beyond each edge, so that fast scrolling shows no gap. */
const SPARE_ROWS = 6

export interface Rows {
  first: number
  /** One behind the last. */
  end: number
  /** Where the first one stands below the top of the spacer, in pixels. */
  offset: number
}

export class VirtualScroll {
  /** The height of the part that shows rows. */
  viewport = 0
  /** Where the list is, in pixels of all its rows. */
  top = 0
  /** Where the bar is. */
  bar = 0

  constructor(
    private count: number,
    private rowHeight: number,
  ) {}

  /** The height of the spacer. */
  get height(): number {
    return Math.min(this.whole, MOST_PX)
  }

  resize(count: number, rowHeight: number): void {
    if (rowHeight !== this.rowHeight) this.top = (this.top / this.rowHeight) * rowHeight
    this.count = count
    this.rowHeight = rowHeight
    this.top = clamp(this.top, 0, this.farthest)
  }

  /** The bar was moved by the person. */
  scrolled(bar: number): void {
    const step = bar - this.bar
    this.bar = bar
    if (!this.isScaled) this.top = bar
    else if (Math.abs(step) <= this.viewport) this.top += step
    else this.top = (bar / this.farthestBar) * this.farthest
    this.top = clamp(this.top, 0, this.farthest)
  }

  /** Goes to an offset, and returns where the bar has to be. */
  to(top: number): number {
    this.top = clamp(top, 0, this.farthest)
    this.bar = this.rightBar
    return this.bar
  }

  /** Where the bar has to be for a row to be seen, or null when it is. */
  reveal(index: number): number | null {
    const start = index * this.rowHeight
    if (start < this.top) return this.to(start)
    if (start + this.rowHeight > this.top + this.viewport) return this.to(start + this.rowHeight - this.viewport)
    return null
  }

  /** Where the bar should be by now, or null when it is right. */
  settle(): number | null {
    if (!this.isScaled || Math.abs(this.rightBar - this.bar) < 1) return null
    this.bar = this.rightBar
    return this.bar
  }

  rows(): Rows {
    const first = Math.max(0, Math.floor(this.top / this.rowHeight) - SPARE_ROWS)
    const end = Math.min(this.count, Math.ceil((this.top + this.viewport) / this.rowHeight) + SPARE_ROWS)
    return { first, end, offset: this.bar + first * this.rowHeight - this.top }
  }

  private get whole(): number {
    return this.count * this.rowHeight
  }

  private get farthest(): number {
    return Math.max(0, this.whole - this.viewport)
  }

  private get farthestBar(): number {
    return Math.max(1, this.height - this.viewport)
  }

  private get isScaled(): boolean {
    return this.whole > MOST_PX
  }

  private get rightBar(): number {
    if (!this.isScaled) return this.top
    return (this.top / Math.max(1, this.farthest)) * this.farthestBar
  }
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most)
}
