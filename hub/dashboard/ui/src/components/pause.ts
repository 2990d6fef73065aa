/** Pauses of agents and of dispatch: the choices people are given, and what the hub is told. */

/** What may be said with a pause. */
export interface PauseWords {
  readonly note?: string
  readonly for_ms?: number
  readonly until?: number
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
export const AT_A_TIME = 'at'

/** The choices of a form; '' means until somebody ends it. */
export const SPANS = [
  { value: '', label: 'Until somebody resumes' },
  { value: String(15 * MINUTE), label: '15 minutes' },
  { value: String(HOUR), label: '1 hour' },
  { value: String(8 * HOUR), label: '8 hours' },
  { value: String(24 * HOUR), label: '1 day' },
  { value: AT_A_TIME, label: 'Until a time…' },
] as const

/** What a form for a pause holds. */
export interface PauseForm {
  readonly note: string
  readonly span: string
  /** A value of `datetime-local`. */
  readonly at: string
}

export const NO_PAUSE: PauseForm = { note: '', span: '', at: '' }

/** What is wrong with the form, in a sentence; null when it is fine. */
export function flawOf(form: PauseForm, now: number): string | null {
  if (form.note.length > 500) return 'The reason is longer than 500 characters.'
  if (form.span !== AT_A_TIME) return null
  const at = Date.parse(form.at)
  if (Number.isNaN(at)) return 'Say when it ends.'
  return at <= now ? 'That time is over already.' : null
}

/** The form in the hub's words. */
export function pauseWords(form: PauseForm): PauseWords {
  const note = form.note.trim()
  return {
    ...(note === '' ? {} : { note }),
    ...(form.span === AT_A_TIME ? { until: Date.parse(form.at) } : {}),
    ...(form.span !== '' && form.span !== AT_A_TIME ? { for_ms: Number(form.span) } : {}),
  }
}
