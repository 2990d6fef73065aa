/**
 * Makes text from outside safe to look at: nothing in it may hide or reorder what stands beside it.
 *
 * Control characters become their pictures; marks that turn the direction of writing around are
 * named. The text stays text: markup is never read.
 */

const PICTURES = 0x2400
const DELETE_PICTURE = '\u2421'
// eslint-disable-next-line no-control-regex
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u202a-\u202e\u2028\u2029\u2060-\u2069\ufeff\ufff9-\ufffb]/g

/** The text with everything visible; tabs and line feeds stay. */
export function visible(text: string): string {
  return text.replace(UNSEEN, pictured)
}

/** The text in one line. */
export function oneLine(text: string): string {
  return visible(text.replace(/\s*[\r\n]+\s*/g, ' \u23ce ').replaceAll('\t', ' '))
}

function pictured(character: string): string {
  const code = character.charCodeAt(0)
  if (code < 0x20) return String.fromCharCode(PICTURES + code)
  if (code === 0x7f) return DELETE_PICTURE
  return `\u27e8U+${code.toString(16).toUpperCase().padStart(4, '0')}\u27e9`
}
