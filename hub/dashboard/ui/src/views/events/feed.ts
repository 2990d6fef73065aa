/**
 * The rows of the list of events: newest first, never more than fit into memory.
 *
 * Rows only move when the reader wants: while the list is held, new ones wait. Whoever reads far
 * back gives up the newest rows, and comes back to them with one click.
 */

import type { HubEvent } from '@/api/types'

export const MOST_ROWS = 2_000

/** What is listed, and what waits. */
export interface Feed {
  /** Newest first. */
  readonly rows: readonly HubEvent[]
  /** Newest first; they came while the list was held. */
  readonly waiting: readonly HubEvent[]
  /** How many came since, also those that are not kept. */
  readonly news: number
  /** The newest rows were given up, so that what waits does not join on to what is listed. */
  readonly away: boolean
}

/** Nothing yet. */
export const EMPTY: Feed = { rows: [], waiting: [], news: 0, away: false }

/** Events that just happened, in any order; some may be known. */
export function arrive(feed: Feed, events: readonly HubEvent[], held: boolean): Feed {
  const newest = feed.waiting[0]?.seq ?? feed.rows[0]?.seq ?? -1
  const fresh = unique(events.filter((event) => event.seq > newest || feed.away))
  if (fresh.length === 0) return feed
  if (feed.away) return { ...feed, news: feed.news + fresh.length }
  if (held) {
    const waiting = [...fresh, ...feed.waiting].slice(0, MOST_ROWS)
    return { ...feed, waiting, news: feed.news + fresh.length }
  }
  return { ...feed, rows: [...fresh, ...feed.rows].slice(0, MOST_ROWS) }
}

/** Shows what waited. */
export function release(feed: Feed): Feed {
  if (feed.away) return feed
  const rows = [...feed.waiting, ...feed.rows].slice(0, MOST_ROWS)
  return { rows, waiting: [], news: 0, away: false }
}

/** What comes now does not join on to what is listed any more. */
export function giveUp(feed: Feed): Feed {
  return { ...feed, waiting: [], away: true }
}

/** Older events go to the end; when that is too many, the newest are given up. */
export function reachBack(feed: Feed, events: readonly HubEvent[]): Feed {
  const oldest = feed.rows.at(-1)?.seq ?? Infinity
  const all = [...feed.rows, ...unique(events.filter((event) => event.seq < oldest))]
  if (all.length <= MOST_ROWS) return { ...feed, rows: all }
  return { rows: all.slice(-MOST_ROWS), waiting: [], news: feed.news, away: true }
}

/** Newest first, each once. */
function unique(events: readonly HubEvent[]): HubEvent[] {
  const bySeq = new Map(events.map((event) => [event.seq, event]))
  return [...bySeq.values()].sort((a, b) => b.seq - a.seq)
}
