/** Which rows are selected: single ones, ranges, or all that match. */

/** A selection never changes; every step makes a new one. */
export interface Selection {
  readonly ids: ReadonlySet<string>
  /** Where a range begins: the row that was picked last. */
  readonly anchor: string | null
}

export const NOTHING: Selection = { ids: new Set(), anchor: null }

/** Picks a row, or lets it go. */
export function toggle(selection: Selection, id: string): Selection {
  const ids = new Set(selection.ids)
  if (!ids.delete(id)) ids.add(id)
  return { ids, anchor: id }
}

/** Picks all rows from the anchor to this one, in the order that is shown. */
export function extend(selection: Selection, id: string, shown: readonly string[]): Selection {
  const to = shown.indexOf(id)
  const from = selection.anchor === null ? to : shown.indexOf(selection.anchor)
  if (to < 0) return selection
  const begin = from < 0 ? to : Math.min(from, to)
  const end = from < 0 ? to : Math.max(from, to)
  const ids = new Set(selection.ids)
  for (const each of shown.slice(begin, end + 1)) ids.add(each)
  return { ids, anchor: selection.anchor ?? id }
}

/** Picks everything. */
export function all(ids: Iterable<string>): Selection {
  return { ids: new Set(ids), anchor: null }
}
