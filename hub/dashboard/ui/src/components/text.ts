/** Text from outside, made safe to look at: nothing in it may hide or turn round what is beside it. */

/** Signs that turn the direction of text or hide: shown by their code, so that nothing can pose as something else. */
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g
const MOST_CHARS = 2_000

/** The text with hidden characters made visible. */
export function visible(text: string): string {
  return text.replace(HIDDEN, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** The text in one line, for places that have no more room. */
export function oneLine(text: string): string {
  const part = text.length > MOST_CHARS ? `${text.slice(0, MOST_CHARS)}…` : text
  return visible(part.replace(/\s*[\r\n]+\s*/g, ' ⏎ ').replaceAll('\t', ' '))
}
