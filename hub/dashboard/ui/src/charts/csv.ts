/** Numbers as text that spreadsheets read. */

import type { Frame } from './frame'
import type { Labels } from './words'

const SPECIAL = /[",\r\n]/
const FORMULA = /^[=+\-@\t\r]/

/** A row for each time, a column for each line. What is not known stays empty. */
export function toCsv(frame: Frame, labels: Labels): string {
  const head = ['time', ...frame.lines.map((line) => cell(labels[line.name] ?? line.name))]
  const rows = frame.times.map((time, index) => [
    new Date(time).toISOString(),
    ...frame.lines.map((line) => String(line.values[index] ?? '')),
  ])
  return [head, ...rows].map((row) => row.join(',')).join('\r\n') + '\r\n'
}

/** Text that would be a formula is marked as text: spreadsheets run formulas when they open. */
function cell(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text
  return SPECIAL.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
