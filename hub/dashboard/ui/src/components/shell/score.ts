/** How well a command fits what was typed; the words may be begun, and in any order. */

/** 0 does not fit; more is better. */
export function score(typed: string, title: string, keywords = ''): number {
  const words = split(typed)
  if (words.length === 0) return 1
  let sum = 0
  for (const word of words) {
    const best = Math.max(fit(word, title.toLowerCase()), fit(word, keywords.toLowerCase()) * 0.6)
    if (best === 0) return 0
    sum += best
  }
  return sum / words.length + 1 / (10 + title.length)
}

function split(text: string): string[] {
  return text.toLowerCase().split(/\s+/).filter(Boolean)
}

/** A whole word, the start of one, a part of one, or its letters in order. */
function fit(word: string, text: string): number {
  const parts = split(text)
  if (parts.includes(word)) return 10
  if (parts.some((part) => part.startsWith(word))) return 8
  if (text.includes(word)) return 5
  return word.length > 1 && hasInOrder(word, text) ? 2 : 0
}

function hasInOrder(word: string, text: string): boolean {
  let place = 0
  for (const letter of word) {
    place = text.indexOf(letter, place) + 1
    if (place === 0) return false
  }
  return true
}
