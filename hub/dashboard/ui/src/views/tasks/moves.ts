/** What can be done with a task of a list, and where its card may go: only what its state allows. */
import type { StateName } from '@/api/types'

import { mayCancel, mayEdit, mayRetry, PRIORITIES, type Priority, type Row } from './rows'

export type Act = { kind: 'priority'; priority: Priority } | { kind: 'retry' } | { kind: 'cancel' }
export type Move = Act & { label: string }

/** Everything that can be done with a card. */
export function movesOf(row: Row): Move[] {
  const others = PRIORITIES.filter((one) => one !== row.priority)
  const moves: Move[] = [
    ...others.map((priority) => ({ kind: 'priority', label: `Priority ${priority}`, priority }) as const),
    { kind: 'retry', label: 'Move to queued (retry)' },
    { kind: 'cancel', label: 'Move to cancelled…' },
  ]
  return moves.filter((move) => allows(row.state, move))
}

/** Whether a task in this state can have this done. */
export function allows(state: StateName, { kind }: Act): boolean {
  return { priority: mayEdit, retry: mayRetry, cancel: mayCancel }[kind](state)
}

/** What it means to drop a card on a column; null where it may not go. */
export function moveOf(row: Row, to: StateName): Move | null {
  const kind = to === 'queued' ? 'retry' : to === 'cancelled' ? 'cancel' : null
  return movesOf(row).find((move) => move.kind === kind) ?? null
}
