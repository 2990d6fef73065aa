/** Cuts JSON into coloured pieces. What comes out is text, whatever is in it. */

export interface Piece {
  kind: 'key' | 'string' | 'number' | 'word' | 'sign'
  text: string
}

const PIECE = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(true|false|null)\b|([^"\d\w-]+|.)/g
/**
 * Characters that turn the direction of text or hide: shown by their code, so that nothing can
 * pose as something else. The one that joins emoji is left alone between emoji.
 */
const HIDDEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]|(?<!\p{Extended_Pictographic}[\ufe0f\u{1f3fb}-\u{1f3ff}]?)\u200d|\u200d(?!\p{Extended_Pictographic})/gu

/** The text with hidden characters made visible. */
export function visible(text: string): string {
  return text.replace(HIDDEN, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

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
