/** Scales that begin at zero, end a little above the highest value and have round marks. */

const STEPS = [1, 2, 2.5, 5, 10] as const
const WHOLE_STEPS = [1, 2, 5, 10] as const

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** From here on the marks of a duration are round in the seconds, minutes or hours it is told in. */
const LONG = 10_000
const LONG_STEPS = [LONG, 30_000, ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE)]

/** The marks of a scale from zero to at least `highest`: about `wanted` of them, round in this unit. */
export function marks(highest: number, wanted: number, unit: string): number[] {
  const top = Number.isFinite(highest) && highest > 0 ? highest : 1
  const step = stepIn(unit, top / Math.max(1, wanted))
  const count = Math.ceil(top / step - 1e-9)
  return Array.from({ length: count + 1 }, (_, index) => roundedTo(index * step, step))
}

function stepIn(unit: string, rough: number): number {
  if (unit === 'count' && rough < 1) return 1
  if (unit !== 'ms' || rough < LONG) return roundStep(rough, unit === 'count' && rough < 10 ? WHOLE_STEPS : STEPS)
  return LONG_STEPS.find((step) => step >= rough * (1 - 1e-9)) ?? roundStep(rough / HOUR, WHOLE_STEPS) * HOUR
}

function roundStep(rough: number, steps: readonly number[]): number {
  const size = 10 ** Math.floor(Math.log10(rough))
  const factor = steps.find((step) => step * size >= rough * (1 - 1e-9)) ?? 10
  return factor * size
}

/** Without the dust that adding fractions leaves. */
function roundedTo(value: number, step: number): number {
  const digits = Math.max(0, 2 - Math.floor(Math.log10(step)))
  return Number(value.toFixed(Math.min(digits, 12)))
}

const TIME_STEPS = [1, 2, 5, 10, 15, 20, 30, 60].map((minutes) => minutes * MINUTE)

/** Round times between two, so that there are at most `most`. */
export function timeMarks(from: number, to: number, most: number): number[] {
  const step = TIME_STEPS.find((each) => (to - from) / each <= most) ?? 60 * MINUTE
  const first = Math.ceil(from / step) * step
  const found = []
  for (let time = first; time <= to; time += step) found.push(time)
  return found
}

/**
 * Where labels may stand so that none hides another: as near as possible to where they belong,
 * in the same order, the later of equals higher, and between `top` and `bottom`. When there is
 * no room for all, those that come last in `places` are left out (null).
 */
export function spread(
  places: readonly number[],
  height: number,
  top: number,
  bottom: number,
): (number | null)[] {
  const room = Math.max(1, Math.floor((bottom - top) / height) + 1)
  const kept = places.map((place, index) => ({ place, index })).slice(0, room)
  kept.sort((a, b) => a.place - b.place || b.index - a.index)
  const found: (number | null)[] = places.map(() => null)
  let next = top
  const down = kept.map(({ place }) => {
    const at = Math.max(place, next)
    next = at + height
    return at
  })
  let limit = bottom
  for (let index = kept.length - 1; index >= 0; index -= 1) {
    const at = Math.min(down[index] ?? 0, limit)
    limit = at - height
    found[kept[index]?.index ?? 0] = at
  }
  return found
}
