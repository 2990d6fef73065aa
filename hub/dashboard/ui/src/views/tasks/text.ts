/** Text from outside, made safe to look at: nothing in it may hide or turn round what is beside it. */
import { visible } from '@/components/json'

export { visible }

const MOST_CHARS = 2_000

/** The text in one line, for places that have no more room. */
export function oneLine(text: string): string {
  const part = text.length > MOST_CHARS ? `${text.slice(0, MOST_CHARS)}…` : text
  return visible(part.replace(/\s*[\r\n]+\s*/g, ' ⏎ ').replaceAll('\t', ' '))
}
