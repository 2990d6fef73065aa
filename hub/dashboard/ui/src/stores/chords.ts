/** Turns key presses into the names of keys and chords: `j`, `Shift+x`, `g t`, `?`. Knows no page. */

/** What a chord may take between its two keys. */
export const CHORD_MS = 1_000

export interface Press {
  key: string
  shiftKey: boolean
  ctrlKey: boolean
  metaKey: boolean
  altKey: boolean
}

/** The name of a press; null when it belongs to the browser or to the system. */
export function nameOf(press: Press): string | null {
  if (press.ctrlKey || press.metaKey || press.altKey) return null
  if (['Shift', 'Control', 'Alt', 'Meta', 'CapsLock', 'Dead', 'Process'].includes(press.key)) return null
  // Only letters and named keys show their Shift; `?` is the sign itself on every keyboard.
  const isLetter = /^\p{L}$/u.test(press.key)
  if (press.shiftKey && (isLetter || press.key.length > 1)) return `Shift+${isLetter ? press.key.toLowerCase() : press.key}`
  return press.key
}

/** Remembers the first key of a chord. */
export class Chords {
  private first: string | null = null
  private since = 0

  /** The binding that a press completes; `begun` when it may become one; null otherwise. */
  press(name: string, at: number, bindings: { has(keys: string): boolean; begins(key: string): boolean }): string | 'begun' | null {
    const first = at - this.since <= CHORD_MS ? this.first : null
    this.first = null
    const chord = first === null ? null : `${first} ${name}`
    if (chord !== null && bindings.has(chord)) return chord
    if (bindings.begins(name)) {
      this.first = name
      this.since = at
      return 'begun'
    }
    return bindings.has(name) ? name : null
  }
}
