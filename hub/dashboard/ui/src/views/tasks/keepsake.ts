/**
 * Keeps drafts in this browser tab, for the person who wrote them; where storage is refused, in
 * memory. A draft belongs to the task that it began with, or to none.
 */
import { emptyDraft, type Draft } from './draft'

interface Kept {
  owner: string
  /** The id of the task that is run again. */
  source: string | null
  draft: Partial<Draft>
}

const KEY = 'corral.drafts'
/** The one changed last comes first; those before these are forgotten. */
const MOST = 8
let remembered: Kept[] | null = null

/** The draft that this person left behind there, if any. */
export function recall(owner: string, source: string | null): Draft | null {
  const kept = all().find((each) => each.owner === owner && each.source === source)
  return kept === undefined ? null : { ...emptyDraft(), ...kept.draft }
}

export function keep(draft: Draft, owner: string, source: string | null): void {
  write([{ owner, source, draft: { ...draft } }, ...others(owner, source)].slice(0, MOST))
}

export function forget(owner: string, source: string | null): void {
  write(others(owner, source))
}

function others(owner: string, source: string | null): Kept[] {
  return all().filter((each) => each.owner !== owner || each.source !== source)
}

function all(): Kept[] {
  return remembered ?? stored()
}

function write(drafts: Kept[]): void {
  remembered = drafts
  try {
    sessionStorage.setItem(KEY, JSON.stringify(drafts))
  } catch {
    // Full or forbidden: what is kept in memory has to do.
  }
}

function stored(): Kept[] {
  try {
    const found = JSON.parse(sessionStorage.getItem(KEY) ?? '[]') as unknown
    return Array.isArray(found) ? found.filter((each) => typeof each?.draft === 'object') : []
  } catch {
    // Forbidden, or written by something else under the same name: there is no draft.
    return []
  }
}
