/** Where a card of the board may go: only where the states of a task allow. */
import type { StateName } from '@/api/types'

import { mayCancel, mayEdit, mayRetry, PRIORITIES, type Priority, type Row } from './rows'

export type Move =
  | { kind: 'priority'; label: string; priority: Priority }
  | { kind: 'retry'; label: string }
  | { kind: 'cancel'; label: string }

/** Everything that can be done with a card. */
export function movesOf(row: Row): Move[] {
  const moves: Move[] = []
  if (mayEdit(row.state)) {
    for (const priority of PRIORITIES.filter((one) => one !== row.priority)) {
      moves.push({ kind: 'priority', label: `Priority ${priority}`, priority })
    }
  }
  if (mayRetry(row.state)) moves.push({ kind: 'retry', label: 'Move to queued (retry)' })
  if (mayCancel(row.state)) moves.push({ kind: 'cancel', label: 'Move to cancelled…' })
  return moves
}

/** What it means to drop a card on a column; null where it may not go. */
export function moveOf(row: Row, to: StateName): Move | null {
  if (to === 'queued') return movesOf(row).find((move) => move.kind === 'retry') ?? null
  if (to === 'cancelled') return movesOf(row).find((move) => move.kind === 'cancel') ?? null
  return null
}
