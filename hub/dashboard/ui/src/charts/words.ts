/** What charts say in words: values with their units, and a sentence for who cannot see them. */

import type { Frame, Line } from './frame'

const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const TENTHS = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })
const HUNDREDTHS = new Intl.NumberFormat('en', { maximumFractionDigits: 2 })
const SHORT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })
const PERCENT = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 })

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** A value with its unit, short enough to stand beside a line. */
export function inWords(value: number | null | undefined, unit: string): string {
  if (value === null || value === undefined) return '–'
  if (unit === 'ms') return duration(value)
  if (unit === 'ratio') return PERCENT.format(value)
  if (unit === 'per_s') return `${amount(value)}/s`
  return amount(unit === 'count' ? Math.round(value) : value)
}

/** A number with as many digits as matter. */
export function amount(value: number): string {
  const size = Math.abs(value)
  if (size >= 100_000) return SHORT.format(value)
  if (size >= 100 || Number.isInteger(value)) return WHOLE.format(value)
  return (size >= 10 ? TENTHS : HUNDREDTHS).format(value)
}

function duration(ms: number): string {
  if (ms === 0) return '< 1 ms'
  if (ms < 10) return `${HUNDREDTHS.format(ms)} ms`
  if (ms < SECOND) return `${WHOLE.format(ms)} ms`
  if (ms < MINUTE) return `${(ms < 10 * SECOND ? HUNDREDTHS : TENTHS).format(ms / SECOND)} s`
  if (ms < HOUR) return `${TENTHS.format(ms / MINUTE)} min`
  return `${TENTHS.format(ms / HOUR)} h`
}

/** A line's name and how it went, for a picture's label. */
export function sentence(title: string, span: string, frame: Frame, labels: Labels): string {
  const parts = frame.lines.map((line) => course(line, labels))
  const text = parts.length === 0 ? 'nothing is known yet' : parts.join('; ')
  return `${title}, last ${span}: ${text}.`
}

/** How lines are called. */
export type Labels = Readonly<Record<string, string>>

function course(line: Line, labels: Labels): string {
  const name = labels[line.name] ?? line.name
  const known = line.values.filter((value) => value !== null)
  const last = known.at(-1)
  if (last === undefined) return `${name} has no values`
  const [low, high] = [Math.min(...known), Math.max(...known)]
  const between = low === high ? '' : `, between ${inWords(low, line.unit)} and ${inWords(high, line.unit)}`
  return `${name} ${inWords(last, line.unit)}${between}`
}
