/** The lines of the list: an event takes one, and one for each line of its JSON while it is open. */

import type { HubEvent } from '@/api/types'
import { jsonLines, type Piece } from '@/components/json'

/** A line of the list. */
export type Row =
  | { readonly kind: 'event'; readonly event: HubEvent; readonly isOpen: boolean }
  | { readonly kind: 'detail'; readonly event: HubEvent; readonly pieces: readonly Piece[]; readonly line: number }

const MOST_LINES = 200

/** The lines of these events; all have the same height, so that the list stays virtual. */
export function rowsOf(events: readonly HubEvent[], open: ReadonlySet<number>): Row[] {
  const rows: Row[] = []
  for (const event of events) {
    const isOpen = open.has(event.seq)
    rows.push({ kind: 'event', event, isOpen })
    if (isOpen) rows.push(...detailsOf(event))
  }
  return rows
}

function detailsOf(event: HubEvent): Row[] {
  const { lines, left } = jsonLines(envelopeOf(event), MOST_LINES)
  const rows: Row[] = lines.map((pieces, line) => ({ kind: 'detail', event, pieces, line }))
  if (left > 0) {
    const pieces: Piece[] = [{ kind: 'sign', text: `… ${left} more lines` }]
    rows.push({ kind: 'detail', event, pieces, line: lines.length })
  }
  return rows
}

/** An open event shows all that is known of it. */
function envelopeOf({ seq, type, entity, actor, at, data }: HubEvent): object {
  return { seq, type, entity, actor, at: new Date(at).toISOString(), data }
}

/** An event as somebody would paste it. */
export function textOf(event: HubEvent): string {
  return JSON.stringify(envelopeOf(event), null, 2)
}

/** What a line is known by, so that an open event keeps its lines when others come. */
export function keyOf(row: Row | undefined): string {
  if (row === undefined) return 'none'
  return row.kind === 'event' ? `e${row.event.seq}` : `d${row.event.seq}.${row.line}`
}
