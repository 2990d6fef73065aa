/**
 * Keeps a draft in this browser tab, for the person who wrote it; where storage is refused, in
 * memory.
 */
import { emptyDraft, type Draft } from './draft'

interface Kept {
  owner: string
  draft: Partial<Draft>
}

const KEY = 'corral.draft'
let remembered: Kept | null = null

/** The draft that this person left behind, if any. */
export function recall(owner: string): Draft | null {
  const kept = remembered ?? stored()
  return kept?.owner === owner ? { ...emptyDraft(), ...kept.draft } : null
}

export function keep(draft: Draft, owner: string): void {
  remembered = { owner, draft: { ...draft } }
  try {
    sessionStorage.setItem(KEY, JSON.stringify(remembered))
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

function stored(): Kept | null {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Kept | null
  } catch {
    // Forbidden, or written by something else under the same name: there is no draft.
    return null
  }
}
