/** Which charts are shown as tables, as the address names them. */

/** `all`, or the names of charts with commas between. */
export function readTables(text: unknown, ids: readonly string[]): ReadonlySet<string> {
  const names = text === 'all' ? ids : String(text ?? '').split(',')
  return new Set(names.filter((name) => ids.includes(name)))
}

/** How the address says it; nothing when there is none. */
export function writeTables(chosen: ReadonlySet<string>, ids: readonly string[]): string | undefined {
  const names = ids.filter((id) => chosen.has(id))
  if (names.length === 0) return undefined
  return names.length === ids.length ? 'all' : names.join(',')
}
