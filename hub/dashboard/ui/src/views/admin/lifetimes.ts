/** How long codes and tokens may be good: the choices, and what the hub is told. */

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

interface Choice {
  readonly value: string
  readonly label: string
}

export const CODE_LIVES: readonly Choice[] = [
  { value: String(2 * MINUTE), label: '2 minutes' },
  { value: String(5 * MINUTE), label: '5 minutes' },
  { value: String(10 * MINUTE), label: '10 minutes' },
]

export const TOKEN_LIVES: readonly Choice[] = [
  { value: '', label: 'Until it is revoked' },
  { value: String(DAY), label: '1 day' },
  { value: String(30 * DAY), label: '30 days' },
  { value: String(90 * DAY), label: '90 days' },
  { value: String(365 * DAY), label: '1 year' },
]

/** How long a token stays good beside the one that takes its place. */
export const OVERLAPS: readonly Choice[] = [
  { value: '0', label: 'Not at all: it ends now' },
  { value: String(HOUR), label: '1 hour' },
  { value: String(DAY), label: '1 day' },
  { value: String(7 * DAY), label: '7 days' },
]

/** The number behind a choice; null for the one without an end. */
export function lifetimeOf(value: string): number | null {
  return value === '' ? null : Number(value)
}
