/** Numbers, sizes and times as people read them. Everything by Intl; nothing here reads a clock. */

const LANGUAGE = 'en'
const whole = new Intl.NumberFormat(LANGUAGE, { maximumFractionDigits: 0 })
const oneDigit = new Intl.NumberFormat(LANGUAGE, { maximumFractionDigits: 1 })
const compact = new Intl.NumberFormat(LANGUAGE, { notation: 'compact', maximumFractionDigits: 1 })

export const NOTHING = '–'

/** `41,203`; below ten with one digit behind the point when it has any. */
export function formatNumber(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NOTHING
  return Math.abs(value) < 10 ? oneDigit.format(value) : whole.format(value)
}

/** `41.2K`: where there is little room. */
export function formatCompact(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NOTHING
  return Math.abs(value) < 10_000 ? formatNumber(value) : compact.format(value)
}

const STEPS = [
  { unit: 'd', ms: 86_400_000 },
  { unit: 'h', ms: 3_600_000 },
  { unit: 'min', ms: 60_000 },
  { unit: 's', ms: 1_000 },
] as const

/** `46 ms`, `3.2 s`, `12 min 4 s`, `2 h 5 min`, `3 d 4 h`: two units at most. */
export function formatDuration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return NOTHING
  const length = Math.max(0, ms)
  if (length < 1_000) return `${length < 10 ? oneDigit.format(length) : Math.round(length)} ms`
  if (length < 10_000) return `${oneDigit.format(length / 1_000)} s`
  const seconds = Math.round(length / 1_000) * 1_000
  const first = STEPS.findIndex((step) => seconds >= step.ms)
  const [large, small] = [STEPS[first]!, STEPS[first + 1]]
  const text = `${Math.floor(seconds / large.ms)} ${large.unit}`
  const rest = small === undefined ? 0 : Math.floor((seconds % large.ms) / small.ms)
  return rest === 0 ? text : `${text} ${rest} ${small!.unit}`
}

/** `512 B`, `1.5 MiB`. */
export function formatBytes(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined || !Number.isFinite(bytes)) return NOTHING
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10))
  return `${oneDigit.format(bytes / 1024 ** step)} ${units[step]}`
}

const relative = new Intl.RelativeTimeFormat(LANGUAGE, { numeric: 'always', style: 'narrow' })
const RELATIVE_STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
]

/** `4s ago`, `in 2h`; `now` within a second. */
export function formatRelative(at: number | null | undefined, now: number): string {
  if (at === null || at === undefined) return NOTHING
  const difference = at - now
  const step = RELATIVE_STEPS.find(([, ms]) => Math.abs(difference) >= ms)
  return step === undefined ? 'now' : relative.format(Math.trunc(difference / step[1]), step[0])
}

const EXACT: Intl.DateTimeFormatOptions = {
  year: 'numeric', month: '2-digit', day: '2-digit',
  hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3, hourCycle: 'h23',
}
const local = new Intl.DateTimeFormat('sv-SE', { ...EXACT, timeZoneName: 'short' })
const utc = new Intl.DateTimeFormat('sv-SE', { ...EXACT, timeZone: 'UTC' })

/** `2026-11-20 23:05:11.204 UTC`. */
export function formatExact(at: number | null | undefined, inUtc: boolean): string {
  if (at === null || at === undefined) return NOTHING
  const text = (inUtc ? utc : local).format(at).replace(/(\d),(\d{3})/, '$1.$2')
  return inUtc ? `${text} UTC` : text
}

/** `23:05:11`. */
export function formatClock(at: number, inUtc: boolean): string {
  return (inUtc ? utc : local).format(at).slice(11, 19)
}

/** `23:05`. */
export function formatMinute(at: number, inUtc: boolean): string {
  return formatClock(at, inUtc).slice(0, 5)
}

/** `task-01j9abcd…wxyz`: a long id, shortened in the middle so that both ends can be compared. */
export function shortId(id: string): string {
  return id.length <= 20 ? id : `${id.slice(0, 11)}…${id.slice(-4)}`
}

const plurals = new Intl.PluralRules(LANGUAGE)

/** `1 task`, `4,534 tasks`. */
export function count(value: number, one: string, many = `${one}s`): string {
  return `${formatNumber(value)} ${plurals.select(value) === 'one' ? one : many}`
}
