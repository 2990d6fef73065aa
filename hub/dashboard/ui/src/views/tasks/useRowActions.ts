/** What list and board do with one of their rows. A cancel is asked about first: see `CancelDialog`. */
import { shallowRef } from 'vue'

import type { Act } from './moves'
import { rowOf, type Row } from './rows'
import { useTaskActions } from './useTaskActions'

/** `replace` puts a row in the place of the one of the same task; `move` may move it, as its state is another. */
export function useRowActions(replace: (row: Row) => void, move: (row: Row) => void) {
  const actions = useTaskActions()
  /** The one that is asked about. */
  const cancelling = shallowRef<Row | null>(null)

  function act(row: Row, wanted: Act): void {
    if (wanted.kind === 'cancel') cancelling.value = row
    else if (wanted.kind === 'retry') void retry(row)
    else void actions.prioritise(row, wanted.priority, replace)
  }

  async function retry(row: Row): Promise<void> {
    const view = await actions.retry(row)
    if (view) move(rowOf(view))
  }

  async function cancel(): Promise<void> {
    const row = cancelling.value
    cancelling.value = null
    const view = row === null ? null : await actions.cancel(row)
    if (view) move(rowOf(view))
  }

  return { act, cancelling, cancel }
}
