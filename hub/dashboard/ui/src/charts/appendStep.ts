/** How a page of series goes on by the steps that the socket tells. */

import type { MetricsPage, Step } from '@/api/types'

/** The page with one more step, and at most so many values; null when something is missing between. */
export function appendStep(page: MetricsPage, step: Step, most: number): MetricsPage | null {
  const count = page.series[0]?.values.length ?? 0
  const next = page.since + count * page.step_ms
  if (count === 0 || step.at > next || step.at < next - page.step_ms) return null
  // The answer that has it already was made before it was told.
  if (step.at < next) return page
  const start = Math.max(0, count + 1 - most)
  const series = page.series.map((line) => ({
    ...line,
    values: [...line.values, step.values[line.name] ?? null].slice(start),
  }))
  return { ...page, since: page.since + start * page.step_ms, at: step.at, series }
}
