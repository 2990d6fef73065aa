/**
 * The output of a task in bounded memory: a ring of chunks, and the lines that they hold.
 *
 * Output comes in chunks at byte offsets. When there is too much, chunks are let go at the far
 * end and can be asked for again. A line longer than what can be shown is folded into several,
 * so that one line can never fill the page.
 */

/** A line, or a part of a long one. */
export interface Line {
  /** Where it begins in the stream, in bytes: its name, which never changes. */
  at: number
  text: string
  /** It goes on in the next one. */
  folded: boolean
  /** Output between the line before and this one is not there any more. */
  gap: boolean
}

/** A part of a stream: `text` lies between the two offsets. */
export interface Chunk {
  from: number
  to: number
  text: string
}

/** A chunk that is kept, with its line feeds counted. */
interface Kept extends Chunk {
  feeds: number
}

export const LINE_CHARS = 2_000
export const MOST_CHARS = 4 * 1024 * 1024
export const MOST_LINES = 60_000
/** So much is left after chunks were let go, so that it does not happen with every chunk. */
const LEFT = 0.75

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** How many bytes of UTF-8 a text has. */
export function bytesOf(text: string): number {
  return encoder.encode(text).length
}

/** The part of a chunk that lies before a place in the stream. */
export function before(chunk: Chunk, place: number): Chunk {
  if (chunk.to <= place) return chunk
  const bytes = encoder.encode(chunk.text).subarray(0, Math.max(0, place - chunk.from))
  return { from: chunk.from, to: Math.min(chunk.to, place), text: decoder.decode(bytes) }
}

/** Lines of one stream of one attempt. */
export class LogLines {
  /** Oldest first. */
  lines: Line[] = []
  /** The number of the first line, from 1; null while what is before it was never counted. */
  firstNumber: number | null = null

  private chunks: Kept[] = []
  /** The last line is not finished: what comes next belongs to it. */
  private open = false

  /** The bytes that are here: from, and up to. */
  get from(): number {
    return this.chunks[0]?.from ?? 0
  }

  get to(): number {
    return this.chunks.at(-1)?.to ?? 0
  }

  /** So much is here that more would push out what somebody reads. */
  get isHalfFull(): boolean {
    return this.isTooMuch(LEFT)
  }

  /** Adds output at the end; lets go of the oldest when there is too much. */
  append(chunk: Chunk): void {
    if (chunk.text === '') return
    if (this.chunks.length === 0 && chunk.from === 0) this.firstNumber = 1
    const gap = this.chunks.length > 0 && chunk.from > this.to
    this.chunks.push({ ...chunk, feeds: feedsIn(chunk.text) })
    this.extend(chunk, gap)
    if (!this.isTooMuch(1)) return
    while (this.chunks.length > 1 && this.isTooMuch(LEFT)) this.dropFirst()
    this.rebuild()
  }

  /** Adds what comes before; lets go of the newest when there is too much. */
  prepend(chunk: Chunk): void {
    if (chunk.text === '') return
    this.chunks.unshift({ ...chunk, feeds: feedsIn(chunk.text) })
    if (this.isTooMuch(1)) {
      while (this.chunks.length > 1 && this.isTooMuch(LEFT)) this.chunks.pop()
    }
    this.firstNumber = chunk.from === 0 ? 1 : null
    this.rebuild()
  }

  /** Says that what came before the first line is lost. */
  markLost(): void {
    const first = this.lines[0]
    if (first) first.gap = true
    this.firstNumber = null
  }

  /** The numbers of the lines; parts of a long one have the same. */
  numbers(): number[] | null {
    if (this.firstNumber === null) return null
    let number = this.firstNumber
    return this.lines.map((line) => {
      const own = number
      if (!line.folded) number += 1
      return own
    })
  }

  private dropFirst(): void {
    const dropped = this.chunks.shift()
    if (dropped && this.firstNumber !== null) this.firstNumber += dropped.feeds
  }

  private rebuild(): void {
    const chunks = this.chunks
    this.lines = []
    this.open = false
    let to = this.from
    for (const chunk of chunks) {
      this.extend(chunk, chunk.from > to)
      to = chunk.to
    }
  }

  private extend(chunk: Chunk, gap: boolean): void {
    const last = this.open && !gap ? this.lines.pop() : undefined
    const text = (last?.text ?? '') + chunk.text
    const place = this.lines.length
    cutInto(this.lines, text, last?.at ?? chunk.from)
    const first = this.lines[place]
    if (first) first.gap = last?.gap ?? gap
    this.open = !chunk.text.endsWith('\n')
  }

  /** Counted over chunks, because lines are made only when it is known what stays. */
  private isTooMuch(share: number): boolean {
    let chars = 0
    let lines = 0
    for (const { text, feeds } of this.chunks) {
      chars += text.length
      lines += feeds
    }
    return chars > MOST_CHARS * share || lines > MOST_LINES * share
  }
}

function feedsIn(text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count += 1
  return count
}

/** Cuts text into lines, and long lines into parts. */
function cutInto(lines: Line[], text: string, begin: number): void {
  let at = begin
  let from = 0
  while (from < text.length) {
    const feed = text.indexOf('\n', from)
    const to = feed === -1 ? text.length : feed
    at = fold(lines, text.slice(from, to), at)
    if (feed !== -1) at += 1
    from = to + 1
  }
}

/** Adds one line, in parts if it is long; answers where it ends. */
function fold(lines: Line[], text: string, begin: number): number {
  let at = begin
  let from = 0
  do {
    let to = Math.min(text.length, from + LINE_CHARS)
    if (to < text.length && isHighSurrogate(text.charCodeAt(to - 1))) to -= 1
    const part = text.slice(from, to)
    lines.push({ at, text: part, folded: to < text.length, gap: false })
    at += bytesOf(part)
    from = to
  } while (from < text.length)
  return at
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff
}

/** The places of lines that contain a text, in upper or lower case. */
export function found(
  lines: readonly Line[],
  text: string,
  plain: (line: string) => string,
): number[] {
  const wanted = text.toLowerCase()
  const places: number[] = []
  if (wanted === '') return places
  lines.forEach((line, place) => {
    if (plain(line.text).toLowerCase().includes(wanted)) places.push(place)
  })
  return places
}

/** Where a link points: a line by its number, or by the byte at which it begins. */
export type Target = { number: number } | { at: number }

/** Reads `#L1201` and `#B48213`. */
export function targetOf(hash: string): Target | null {
  const match = /^#([LB])(\d{1,15})$/.exec(hash)
  if (!match) return null
  return match[1] === 'L' ? { number: Number(match[2]) } : { at: Number(match[2]) }
}
