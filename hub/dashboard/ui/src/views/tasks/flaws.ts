/** Puts what the hub says about a body at the fields of a form, by JSON path. */
import type { ApiError, Flaw } from '@/api/client'

/** What is wrong with each field; what belongs to none stands under the empty name. */
export type FieldFlaws = Readonly<Record<string, string[]>>

/** The fields of the form, each with the paths that it answers for. */
const FIELDS: readonly (readonly [RegExp, string])[] = [
  [/^\$\.run\.argv\b/, 'argv'],
  [/^\$\.run\.cwd\b/, 'cwd'],
  [/^\$\.run\.env\b/, 'env'],
  [/^\$\.run\.target\b/, 'target'],
  [/^\$\.run\.kwargs\b/, 'kwargs'],
  [/^\$\.run\b/, 'kind'],
  [/^\$\.retry\b/, 'retry'],
  [/^\$\.([a-z_]+)/, '$1'],
]

/** The name of the field that a path is about, or the empty one. */
export function fieldOf(path: string, known: ReadonlySet<string>): string {
  for (const [pattern, name] of FIELDS) {
    const match = pattern.exec(path)
    if (match) {
      const field = name === '$1' ? (match[1] ?? '') : name
      return known.has(field) ? field : ''
    }
  }
  return ''
}

/** All flaws of a refusal, by field; a refusal without any is one of the whole form. */
export function flawsOf(error: ApiError, known: ReadonlySet<string>): FieldFlaws {
  const flaws: Record<string, string[]> = {}
  const details: readonly Flaw[] = error.details
  for (const { path, message } of details) {
    const field = fieldOf(path, known)
    const told = field === '' && path !== '$' ? `${path}: ${message}` : inside(path) + message
    ;(flaws[field] ??= []).push(told)
  }
  if (details.length === 0) flaws[''] = [error.message]
  return flaws
}

/** Which item of a list is meant, for people: they count from one. */
function inside(path: string): string {
  const match = /\[(\d+)\]/.exec(path)
  return match ? `No. ${Number(match[1]) + 1}: ` : ''
}
