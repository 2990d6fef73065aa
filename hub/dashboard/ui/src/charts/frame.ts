/** The numbers that a chart draws: cut to a range, and thinned to what its width can show. */

import type { MetricsPage } from '@/api/types'

/** A number over time; null where it was not known. */
export interface Line {
  readonly name: string
  readonly unit: string
  readonly values: readonly (number | null)[]
}

/** Lines that have the same times. */
export interface Frame {
  /** In milliseconds, rising. */
  readonly times: readonly number[]
  readonly lines: readonly Line[]
}

/** As much of the hub's answer as a chart needs. */
type Series = Pick<MetricsPage, 'step_ms' | 'since' | 'series'>

/** A line with fewer points than it had. */
export interface Thinned {
  readonly times: number[]
  readonly lines: Summary[]
}

/** What is drawn of a line, and between which values it was. */
export interface Summary {
  readonly name: string
  readonly unit: string
  readonly values: (number | null)[]
  readonly low: (number | null)[]
  readonly high: (number | null)[]
}

export const RANGES = [
  { value: '5m', label: '5 min', word: '5 minutes', ms: 5 * 60_000 },
  { value: '15m', label: '15 min', word: '15 minutes', ms: 15 * 60_000 },
  { value: '1h', label: '1 hour', word: 'hour', ms: 60 * 60_000 },
] as const
export type RangeName = (typeof RANGES)[number]['value']
export const USUAL_RANGE: RangeName = '15m'

/** A range as the address names it; what is not one is the usual one. */
export function readRange(text: unknown): RangeName {
  return RANGES.find((range) => range.value === text)?.value ?? USUAL_RANGE
}

/** How long a range is. */
export function rangeMs(name: RangeName): number {
  return RANGES.find((range) => range.value === name)?.ms ?? 0
}

/** How long a range is, in words. */
export function rangeWord(name: RangeName): string {
  return RANGES.find((range) => range.value === name)?.word ?? name
}

/** The lines of these names, in that order; a name the hub does not know is left out. */
export function frameOf(page: Series, names: readonly string[]): Frame {
  const known = new Map<string, Line>(page.series.map((line) => [line.name, line]))
  const lines = names.flatMap((name) => known.get(name) ?? [])
  const count = Math.max(0, ...lines.map((line) => line.values.length))
  return { times: timesOf(page, count), lines }
}

function timesOf(page: Series, count: number): number[] {
  return Array.from({ length: count }, (_, index) => page.since + index * page.step_ms)
}

/** The part of a frame that is later than `from`. */
export function since(frame: Frame, from: number): Frame {
  const first = frame.times.findIndex((time) => time > from)
  if (first === 0) return frame
  const start = first < 0 ? frame.times.length : first
  const lines = frame.lines.map((line) => ({ ...line, values: line.values.slice(start) }))
  return { times: frame.times.slice(start), lines }
}

/**
 * A frame with one more point at its end: what is known live and not yet kept by the hub. Where
 * steps are missing before it there is none: a line would say what was in between.
 */
export function withHead(
  frame: Frame,
  at: number,
  head: Readonly<Record<string, number | null>>,
): Frame {
  const [before, last] = [frame.times.at(-2), frame.times.at(-1)]
  if (last !== undefined && at <= last) return frame
  if (last !== undefined && before !== undefined && at > last + 2 * (last - before)) return frame
  const lines = frame.lines.map((line) => ({
    ...line,
    values: [...line.values, head[line.name] ?? null],
  }))
  return { times: [...frame.times, at], lines }
}

/** About `most` points. Neighbours become one, which remembers the lowest and the highest. */
export function thin(frame: Frame, most: number): Thinned {
  const size = Math.max(1, Math.ceil(frame.times.length / Math.max(1, most)))
  const ends = bucketEnds(frame.times, size)
  const times = ends.map((end) => frame.times[end - 1] ?? 0)
  return { times, lines: frame.lines.map((line) => thinLine(line, ends)) }
}

/** Buckets are the same stretches of time whenever one looks, so that old points stand still. */
function bucketEnds(times: readonly number[], size: number): number[] {
  const span = size * ((times[1] ?? 0) - (times[0] ?? 0) || 1)
  const bucket = (index: number) => Math.floor((times[index] ?? 0) / span)
  const ends = []
  for (let index = 1; index < times.length; index += 1) {
    if (size === 1 || bucket(index) !== bucket(index - 1)) ends.push(index)
  }
  return times.length === 0 ? ends : [...ends, times.length]
}

function thinLine(line: Line, ends: readonly number[]): Summary {
  const summary: Summary = { name: line.name, unit: line.unit, values: [], low: [], high: [] }
  ends.forEach((end, index) => {
    const bucket = line.values.slice(ends[index - 1] ?? 0, end)
    const known = bucket.filter((value) => value !== null)
    const isGap = known.length === 0 || (known.length < bucket.length && !isSparse(line))
    summary.values.push(isGap ? null : oneOf(line, known))
    summary.low.push(isGap ? null : Math.min(...known))
    summary.high.push(isGap ? null : Math.max(...known))
  })
  return summary
}

/**
 * Whether a missing value says nothing went on. A duration is not known in a step in which no
 * task ended; a rate or a count is missing only when the hub did not look, and that has to show.
 */
function isSparse(line: Line): boolean {
  return line.unit === 'ms'
}

/** The worst of several durations, so that no spike is lost; the mean of anything else. */
function oneOf(line: Line, known: readonly number[]): number {
  if (isSparse(line)) return Math.max(...known)
  return known.reduce((sum, value) => sum + value, 0) / known.length
}

/** Each line with those before it added, so that the last one is the sum of all. */
export function stacked(frame: Thinned): (number | null)[][] {
  const sums: (number | null)[] = frame.times.map(() => 0)
  return frame.lines.map((line) =>
    line.values.map((value, index) => {
      const below = sums[index] ?? null
      const sum = below === null || value === null ? null : below + value
      sums[index] = sum
      return sum
    }),
  )
}

/** Points with a gap on either side: a line alone would not show them. */
export function lonely(values: readonly (number | null | undefined)[]): number[] {
  const has = (index: number) => values[index] !== null && values[index] !== undefined
  const found = []
  for (let index = 0; index < values.length; index += 1) {
    if (has(index) && !has(index - 1) && !has(index + 1)) found.push(index)
  }
  return found
}
