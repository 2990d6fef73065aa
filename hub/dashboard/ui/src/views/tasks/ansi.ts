/**
 * Reads the colours of terminals: a line becomes spans of plain text with names of classes.
 *
 * Only colours and weights mean anything here. Every other sequence is left out, an unfinished
 * one too, and what remains is made visible; nothing is ever read as markup.
 */
import { visible } from '@/components/text'

export interface Span {
  text: string
  /** Classes of `log.css`, as `ansi-red ansi-bold`; empty for plain text. */
  style: string
}

/** What is in force between two lines. */
export interface Style {
  colour: string | null
  back: string | null
  bold: boolean
  dim: boolean
  italic: boolean
  underline: boolean
  inverse: boolean
}

export const PLAIN: Readonly<Style> = Object.freeze({
  colour: null,
  back: null,
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  inverse: false,
})

const COLOURS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white']
/** CSI sequences, OSC strings (titles, links), other two-character escapes, and cut-off ones. */
// eslint-disable-next-line no-control-regex
const ESCAPE = /\u001b\[([0-9;:]*)([ -/]*)([@-~])|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[PX^_][^\u001b]*(?:\u001b\\)?|\u001b\[[0-9;:]*$|\u001b[ -/]*[0-~]|\u001b/g

/** The spans of a line that begins in this style, and the style at its end. */
export function spansOf(line: string, begin: Readonly<Style> = PLAIN): { spans: Span[]; end: Style } {
  const spans: Span[] = []
  let style: Style = { ...begin }
  let from = 0
  if (line.includes('\u001b')) {
    for (const match of line.matchAll(ESCAPE)) {
      push(spans, line.slice(from, match.index), style)
      from = match.index + match[0].length
      if (match[3] === 'm' && match[2] === '') style = styled(style, match[1] ?? '')
    }
  }
  push(spans, line.slice(from), style)
  return { spans, end: style }
}

/** The line without colours, as it is searched and copied. */
export function plainText(line: string): string {
  return visible(line.includes('\u001b') ? line.replace(ESCAPE, '') : line)
}

function push(spans: Span[], text: string, style: Style): void {
  if (text !== '') spans.push({ text: visible(text), style: classes(style) })
}

function classes(style: Style): string {
  const names: string[] = []
  if (style.colour) names.push(`ansi-${style.colour}`)
  if (style.back) names.push(`ansi-on-${style.back}`)
  if (style.bold) names.push('ansi-bold')
  if (style.dim) names.push('ansi-dim')
  if (style.italic) names.push('ansi-italic')
  if (style.underline) names.push('ansi-underline')
  if (style.inverse) names.push('ansi-inverse')
  return names.join(' ')
}

const FLAGS: Readonly<Record<number, Partial<Style>>> = {
  0: PLAIN,
  1: { bold: true },
  2: { dim: true },
  3: { italic: true },
  4: { underline: true },
  7: { inverse: true },
  22: { bold: false, dim: false },
  23: { italic: false },
  24: { underline: false },
  27: { inverse: false },
  39: { colour: null },
  49: { back: null },
}

function styled(style: Style, parameters: string): Style {
  const codes = parameters.split(/[;:]/).map((part) => Number(part || '0'))
  let next = { ...style }
  for (let place = 0; place < codes.length; place += 1) {
    const code = codes[place] ?? 0
    if (code === 38 || code === 48) {
      const [colour, used] = extended(codes, place + 1)
      if (code === 38) next.colour = colour
      else next.back = colour
      place += used
    } else next = { ...next, ...(FLAGS[code] ?? basic(code)) }
  }
  return next
}

function basic(code: number): Partial<Style> {
  if (code >= 30 && code <= 37) return { colour: COLOURS[code - 30] ?? null }
  if (code >= 90 && code <= 97) return { colour: COLOURS[code - 90] ?? null }
  if (code >= 40 && code <= 47) return { back: COLOURS[code - 40] ?? null }
  if (code >= 100 && code <= 107) return { back: COLOURS[code - 100] ?? null }
  return {}
}

/** A colour of the larger palettes, as the nearest of the eight, and how many codes it took. */
function extended(codes: readonly number[], at: number): [string | null, number] {
  if (codes[at] === 5) return [ofPalette(codes[at + 1] ?? 0), 2]
  if (codes[at] === 2) return [nearest(codes[at + 1] ?? 0, codes[at + 2] ?? 0, codes[at + 3] ?? 0), 4]
  return [null, 1]
}

function ofPalette(index: number): string | null {
  if (index < 16) return COLOURS[index % 8] ?? null
  if (index > 231) return index > 243 ? 'white' : 'black'
  const cell = index - 16
  const level = (value: number) => value * 51
  return nearest(level(Math.floor(cell / 36)), level(Math.floor(cell / 6) % 6), level(cell % 6))
}

function nearest(red: number, green: number, blue: number): string | null {
  const bit = (value: number, place: number) => (value > 127 ? 1 << place : 0)
  return COLOURS[bit(red, 0) | bit(green, 1) | bit(blue, 2)] ?? null
}
