/**
 * Reads events backwards. The hub lists them forwards from a cursor, so this reads windows that
 * end where the last one began. With a filter the windows grow until something is found.
 */

import type { HubEvent } from '@/api/types'

/** A page of the hub, in our terms. */
export interface Page {
  readonly events: readonly HubEvent[]
  /** Everything up to this number was looked at. */
  readonly reached: number
}

export type ReadPage = (after: number) => Promise<Page>

/** What was found, and from where to go on backwards. */
export interface Stretch {
  readonly events: readonly HubEvent[]
  /** Everything from this number on has been looked at. */
  readonly from: number
}

const FIRST_WINDOW = 200
const LARGEST_WINDOW = 50_000
const MOST_REQUESTS = 12
const MOST_PAGES = 8
const ENOUGH = 50

/** Events before `before`, down to `oldest`: enough for a screen, or as far as a few requests go. */
export async function readBack(
  read: ReadPage,
  before: number,
  oldest: number,
  firstWindow = FIRST_WINDOW,
): Promise<Stretch> {
  const found: HubEvent[] = []
  let [from, size, requests] = [before, firstWindow, 0]
  while (from > oldest && found.length < ENOUGH && requests < MOST_REQUESTS) {
    const window = await readWindow(read, Math.max(oldest, from - size), from)
    requests += window.requests
    found.push(...window.events)
    size = Math.min(LARGEST_WINDOW, (from - window.start) * (window.events.length < ENOUGH / 5 ? 8 : 2))
    from = window.start
  }
  return { events: found, from }
}

interface Window {
  readonly start: number
  readonly events: readonly HubEvent[]
  readonly requests: number
}

/**
 * All of `start <= seq < end`: to its end, or there would be a hole in the list. When the first
 * page shows that this would take too many, only the last part of the window is read.
 */
async function readWindow(read: ReadPage, start: number, end: number): Promise<Window> {
  let page = await read(start - 1)
  let requests = 1
  const span = Math.max(1, page.reached - start + 1)
  if (end - 1 - page.reached > span * MOST_PAGES) {
    const size = Math.max(span * MOST_PAGES, Math.ceil((end - start) / 4))
    const nearer = await readWindow(read, end - size, end)
    return { ...nearer, requests: nearer.requests + 1 }
  }
  const events = [...page.events]
  while (page.reached < end - 1) {
    const before = page.reached
    page = await read(before)
    requests += 1
    events.push(...page.events)
    if (page.reached <= before) break
  }
  return { start, events: events.filter((event) => event.seq < end), requests }
}
