/** The path of a sparkline: one line, as high and as wide as its box. */

/** SVG path data; a gap lifts the pen. Two values at least make a line. */
export function sparkPath(
  values: readonly (number | null)[],
  width: number,
  height: number,
  inset = 1,
): string {
  const known = values.filter((value) => value !== null)
  if (known.length < 2) return ''
  const top = Math.max(...known)
  const scale = top > 0 ? (height - 2 * inset) / top : 0
  const step = width / (values.length - 1)
  let path = ''
  let isDown = false
  values.forEach((value, index) => {
    if (value === null) {
      isDown = false
      return
    }
    const y = height - inset - value * scale
    path += `${isDown ? 'L' : 'M'}${tidy(index * step)} ${tidy(y)}`
    isDown = true
  })
  return path
}

/** The same line with the ground under it, for a light fill; only where it has no gaps. */
export function sparkArea(path: string, height: number): string {
  const hasGaps = path.lastIndexOf('M') > 0
  return path === '' || hasGaps ? '' : `${path}V${height}H0Z`
}

function tidy(value: number): string {
  return String(Math.round(value * 100) / 100)
}
