/** Reads the hub's list of events, which it gives forwards from a place. */

import { get, type Query } from '@/api/client'
import type { EventPage, HubEvent } from '@/api/types'

import { fromEnvelope } from './events'
import type { Page } from './older'

const PATH = '/api/v1/events'
const LIMIT = 200

/** Where the list begins and ends now. */
export interface Place {
  readonly epoch: string
  readonly newest: number
  readonly oldest: number
}

/** Raises ApiError. */
export async function placeNow(signal: AbortSignal): Promise<Place> {
  const page = await get<EventPage>(PATH, { limit: 1 }, signal)
  const end = placeOf(page.newest ?? page.next_cursor)
  return { epoch: end.epoch, newest: end.seq, oldest: page.items[0]?.seq ?? end.seq + 1 }
}

/** A page of what the query lets through, from after this number on. Raises ApiError. */
export async function readPage(
  epoch: string,
  after: number,
  query: Query,
  signal: AbortSignal,
): Promise<Page & { events: HubEvent[]; atEnd: boolean }> {
  const page = await get<EventPage>(PATH, { after: `${epoch}:${after}`, limit: LIMIT, ...query }, signal)
  return { events: page.items.map(fromEnvelope), reached: placeOf(page.next_cursor).seq, atEnd: page.at_end }
}

function placeOf(cursor: string): { epoch: string; seq: number } {
  const [epoch = '', seq = '0'] = cursor.split(':')
  return { epoch, seq: Number(seq) }
}
