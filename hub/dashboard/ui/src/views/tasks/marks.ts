/** Cuts a snippet at the words that were looked for. */

export interface Part {
  text: string
  isMarked: boolean
}

/** Parts of a text; the hub counts characters, not the halves of which some consist here. */
export function partsOf(snippet: string, marks: readonly (readonly [number, number])[]): Part[] {
  const characters = Array.from(snippet)
  const parts: Part[] = []
  let at = 0
  for (const [from, to] of [...marks].sort((a, b) => a[0] - b[0])) {
    const begin = Math.max(at, from)
    if (to <= begin) continue
    push(parts, characters.slice(at, begin), false)
    push(parts, characters.slice(begin, to), true)
    at = to
  }
  push(parts, characters.slice(at), false)
  return parts
}

function push(parts: Part[], characters: string[], isMarked: boolean): void {
  if (characters.length > 0) parts.push({ text: characters.join(''), isMarked })
}
