/** Cuts lines at the width of the page, as a terminal does, so that every row has the same height. */
import { plainText, type Span } from './ansi'
import type { Line } from './log'

/** Which line a row shows, and from which character on. */
export interface VisualRow {
  line: number
  from: number
  to: number
}

const cuts = new WeakMap<Line, { text: string; columns: number; at: number[] }>()
// Everything from here on is taken for two columns wide, which holds for most of it.
const WIDE = 0x1100

/** Where the rows of a text begin; a width of 0 means one row. */
export function cutsOf(text: string, columns: number): number[] {
  if (columns <= 0 || text.length * 2 <= columns) return [0]
  const starts = [0]
  let used = 0
  let at = 0
  for (const character of text) {
    const width = (character.codePointAt(0) ?? 0) >= WIDE ? 2 : 1
    if (used + width > columns) {
      starts.push(at)
      used = 0
    }
    used += width
    at += character.length
  }
  return starts
}

/** The rows of all lines. */
export function visualRows(lines: readonly Line[], columns: number): VisualRow[] {
  const rows: VisualRow[] = []
  lines.forEach((line, place) => {
    const starts = startsOf(line, columns)
    starts.forEach((from, part) => rows.push({ line: place, from, to: starts[part + 1] ?? Infinity }))
  })
  return rows
}

function startsOf(line: Line, columns: number): number[] {
  const known = cuts.get(line)
  if (known !== undefined && known.columns === columns && known.text === line.text) return known.at
  const at = cutsOf(plainText(line.text), columns)
  cuts.set(line, { text: line.text, columns, at })
  return at
}

/** The first row of a line. */
export function rowOfLine(rows: readonly VisualRow[], line: number): number {
  let low = 0
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((rows[middle]?.line ?? 0) < line) low = middle + 1
    else high = middle
  }
  return low
}

/** The spans of a part of a line; those that were looked for are marked. */
export function partOf(spans: readonly Span[], from: number, to: number, wanted: string): (Span & { isMarked: boolean })[] {
  const text = spans.map((span) => span.text).join('')
  const found = placesOf(text, wanted)
  const parts: (Span & { isMarked: boolean })[] = []
  let at = 0
  for (const span of spans) {
    for (const [begin, end, isMarked] of split(at, at + span.text.length, found)) {
      const piece = text.slice(Math.max(begin, from), Math.min(end, to))
      if (begin < to && end > from && piece !== '') parts.push({ text: piece, style: span.style, isMarked })
    }
    at += span.text.length
  }
  return parts
}

function placesOf(text: string, wanted: string): [number, number][] {
  const places: [number, number][] = []
  const low = wanted.toLowerCase()
  if (low === '') return places
  const all = text.toLowerCase()
  for (let at = all.indexOf(low); at !== -1; at = all.indexOf(low, at + low.length)) places.push([at, at + low.length])
  return places
}

/** Cuts a range at the borders of what was found. */
function* split(from: number, to: number, found: readonly [number, number][]): Generator<[number, number, boolean]> {
  let at = from
  for (const [begin, end] of found) {
    if (end <= at || begin >= to) continue
    if (begin > at) yield [at, begin, false]
    yield [Math.max(at, begin), Math.min(end, to), true]
    at = Math.min(end, to)
  }
  if (at < to) yield [at, to, false]
}
