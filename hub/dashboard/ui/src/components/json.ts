/** Cuts JSON into coloured pieces. What comes out is text, whatever is in it. */
import { visible } from './text'

export interface Piece {
  kind: 'key' | 'string' | 'number' | 'word' | 'sign'
  text: string
}

const PIECE = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(true|false|null)\b|([^"\d\w-]+|.)/g

export function jsonLines(value: unknown, mostLines: number): { lines: Piece[][]; left: number } {
  const all = (JSON.stringify(value, null, 2) ?? 'null').split('\n')
  return { lines: all.slice(0, mostLines).map((line) => pieces(visible(line))), left: Math.max(0, all.length - mostLines) }
}

function pieces(line: string): Piece[] {
  const made: Piece[] = []
  for (const [whole, text, colon, number, word] of line.matchAll(PIECE)) {
    if (text !== undefined) {
      made.push({ kind: colon === undefined ? 'string' : 'key', text })
      if (colon !== undefined) made.push({ kind: 'sign', text: colon })
    } else made.push({ kind: number !== undefined ? 'number' : word !== undefined ? 'word' : 'sign', text: whole })
  }
  return made
}
