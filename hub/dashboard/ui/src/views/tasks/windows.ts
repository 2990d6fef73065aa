/**
 * A long list by windows: rows have positions, newest first, and only what is looked at is kept.
 *
 * The list stands still while it is read: positions count from the newest task at its beginning,
 * and what comes later waits elsewhere. A page is asked for from the nearest place above it whose
 * cursor is known, leaving out the rows between. Pages that were not looked at for long are
 * forgotten; their cursors, which are short, are kept.
 */

/** What the hub answers: fewer items than asked are not yet the end while there is a cursor. */
export interface Answer<T> {
  items: T[]
  cursor: string | null
  /** How many rows were left out before the first item. */
  skipped: number
  total?: { count: number; more: boolean }
}

/** Where a page begins, and how many rows are wanted. */
export interface Ask {
  cursor: string | null
  skip: number
  limit: number
  count: boolean
}

export type Fetch<T> = (ask: Ask, signal: AbortSignal) => Promise<Answer<T>>

export const PAGE = 100
const KEPT_PAGES = 40
/** A page that comes in pieces ends after so many; what is missing is asked for again. */
const MOST_PIECES = 200
/** After a refusal nothing is asked for so long. */
const PAUSE_MS = 2_000

interface Anchor {
  position: number
  cursor: string
}

export class Windows<T extends { id: string }> {
  /** How many rows there are, as far as is known. */
  count = 0
  /** There are more than that, or there may be. */
  more = false

  private readonly pages = new Map<number, T[]>()
  private readonly places = new Map<string, number>()
  private readonly stale = new Set<number>()
  private readonly waiting = new Map<number, AbortController>()
  private anchors: Anchor[] = []
  private ended: number | null = null
  private pausedUntil = 0

  constructor(
    private readonly fetch: Fetch<T>,
    private readonly onChange: () => void,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** The row at a position, if it is here. */
  at(position: number): T | undefined {
    return this.pages.get(Math.floor(position / PAGE))?.[position % PAGE]
  }

  /** Where a row stands, if it is here. */
  placeOf(id: string): number | undefined {
    return this.places.get(id)
  }

  /** Puts another row in the place of the one with the same id, if it is here. */
  replace(row: T): boolean {
    const position = this.places.get(row.id)
    const page = position === undefined ? undefined : this.pages.get(Math.floor(position / PAGE))
    if (position === undefined || page === undefined) return false
    page[position % PAGE] = row
    return true
  }

  /** The rows that are here, in order. */
  *here(): Generator<T> {
    for (const number of [...this.pages.keys()].sort((a, b) => a - b)) {
      yield* this.pages.get(number) ?? []
    }
  }

  /** Begins with a first page that is here already; `count` is how many rows there are then. */
  adopt(rows: T[], cursor: string | null, count: number, more: boolean): void {
    this.count = Math.max(count, rows.length)
    this.more = more
    if (cursor === null) this.end(rows.length)
    else this.remember(rows.length, cursor)
    for (let begin = 0; begin < rows.length; begin += PAGE) {
      this.keep(begin / PAGE, rows.slice(begin, begin + PAGE))
    }
    if (rows.length === 0) this.onChange()
  }

  /** Sees to it that these rows come, and gives up on those that nobody looks at any more. */
  show(first: number, last: number): void {
    const from = Math.floor(Math.max(0, first) / PAGE)
    const to = Math.floor(Math.max(0, last) / PAGE)
    for (const [number, abort] of this.waiting) {
      if (number < from - 1 || number > to + 1) {
        abort.abort()
        this.waiting.delete(number)
      }
    }
    for (let number = from; number <= to; number += 1) this.want(number)
    this.forget(from, to)
  }

  /** What is here may be out of date: it is fetched anew when it is shown. */
  refresh(): void {
    for (const number of this.pages.keys()) this.stale.add(number)
  }

  /** Something is being looked for. */
  get isBusy(): boolean {
    return this.waiting.size > 0
  }

  /** Lets everything under way go. */
  stop(): void {
    for (const abort of this.waiting.values()) abort.abort()
    this.waiting.clear()
  }

  private want(number: number): void {
    if (this.isWhole(number) && !this.stale.has(number)) {
      this.touch(number)
      return
    }
    if (this.waiting.has(number) || (this.ended !== null && number * PAGE >= this.ended)) return
    if (Date.now() < this.pausedUntil) return
    if (number > 0 && this.anchors.length === 0) {
      this.want(0)
      return
    }
    const abort = new AbortController()
    this.waiting.set(number, abort)
    this.load(number, abort.signal)
      .catch((error: unknown) => {
        if (abort.signal.aborted) return
        this.pausedUntil = Date.now() + PAUSE_MS
        this.onError(error)
      })
      .finally(() => {
        if (this.waiting.get(number) !== abort) return
        this.waiting.delete(number)
        this.onChange()
      })
  }

  /** A page is whole when it is full, or the last one. */
  private isWhole(number: number): boolean {
    const rows = this.pages.get(number)?.length ?? 0
    return rows === PAGE || (this.ended !== null && number * PAGE + rows >= this.ended && rows > 0)
  }

  private touch(number: number): void {
    const page = this.pages.get(number)
    if (page === undefined) return
    this.pages.delete(number)
    this.pages.set(number, page)
  }

  private async load(number: number, signal: AbortSignal): Promise<void> {
    const rows = this.stale.delete(number) ? [] : (this.pages.get(number) ?? [])
    const begin = number * PAGE + rows.length
    const anchor = this.nearest(begin)
    let cursor = anchor?.cursor ?? null
    let position = anchor?.position ?? 0
    let skip = begin - position
    for (let piece = 0; piece < MOST_PIECES && rows.length < PAGE; piece += 1) {
      const answer = await this.fetch(
        { cursor, skip, limit: PAGE - rows.length, count: number === 0 && piece === 0 },
        signal,
      )
      if (signal.aborted) return
      if (answer.total) this.take(answer.total)
      skip -= answer.skipped
      position += answer.skipped + answer.items.length
      rows.push(...answer.items)
      cursor = answer.cursor
      if (cursor === null) this.end(position)
      else this.remember(position, cursor)
      this.keep(number, rows)
      if (cursor === null) return
    }
  }

  private take(total: { count: number; more: boolean }): void {
    this.count = Math.max(this.count, total.count)
    this.more = total.more
  }

  private end(position: number): void {
    this.ended = position
    this.count = position
    this.more = false
  }

  private remember(position: number, cursor: string): void {
    if (this.ended === null && position >= this.count) {
      this.count = position + 1
      this.more = true
    }
    const place = this.anchors.findIndex((anchor) => anchor.position >= position)
    if (place === -1) this.anchors.push({ position, cursor })
    else {
      // A later cursor of the same position has less to look through.
      const same = this.anchors[place]?.position === position
      this.anchors.splice(place, same ? 1 : 0, { position, cursor })
    }
  }

  private nearest(position: number): Anchor | undefined {
    let found: Anchor | undefined
    for (const anchor of this.anchors) {
      if (anchor.position > position) break
      found = anchor
    }
    return found
  }

  private keep(number: number, rows: T[]): void {
    for (const row of this.pages.get(number) ?? []) this.places.delete(row.id)
    if (rows.length > 0) this.pages.set(number, rows)
    else this.pages.delete(number)
    rows.forEach((row, place) => this.places.set(row.id, number * PAGE + place))
    this.onChange()
  }

  /** The first page stays: the list goes on from its end. */
  private forget(from: number, to: number): void {
    for (const [number, rows] of this.pages) {
      if (this.pages.size <= KEPT_PAGES) return
      if (number === 0 || (number >= from && number <= to)) continue
      this.pages.delete(number)
      for (const row of rows) this.places.delete(row.id)
    }
  }
}
