/** Keeps a draft in this browser tab; where storage is refused, in memory. */
import { emptyDraft, type Draft } from './draft'

const KEY = 'corral.draft'
let remembered: Draft | null = null

/** The draft that was left behind, if any. */
export function recall(): Draft | null {
  if (remembered !== null) return remembered
  const text = stored()
  if (text === null) return null
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return null
    return { ...emptyDraft(), ...(value as Partial<Draft>) }
  } catch {
    // Written by something else under the same name: there is no draft in it.
    return null
  }
}

export function keep(draft: Draft): void {
  remembered = { ...draft }
  try {
    sessionStorage.setItem(KEY, JSON.stringify(draft))
  } catch {
    // Full or forbidden: what is kept in memory has to do.
  }
}

export function forget(): void {
  remembered = null
  try {
    sessionStorage.removeItem(KEY)
  } catch {
    // Forbidden: then nothing was written either.
  }
}

function stored(): string | null {
  try {
    return sessionStorage.getItem(KEY)
  } catch {
    // Forbidden: there is nothing to read.
    return null
  }
}
