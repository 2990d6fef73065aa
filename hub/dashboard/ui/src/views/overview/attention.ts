/** What needs a person now, the most urgent first, each with the next thing to do. */

import type { Counters, DispatchPause, Reason } from '@/api/types'
import { count, formatDuration } from '@/components/format'

/** One thing to look at. */
export interface Concern {
  readonly id: string
  readonly tone: 'failed' | 'warn' | 'paused'
  readonly title: string
  readonly text: string
  /** Where to act. */
  readonly link?: { readonly label: string; readonly to: string }
  /** What to type, when the page cannot do it. */
  readonly command?: string
  /** The pause that a button can end. */
  readonly pause?: DispatchPause
}

/** Tasks that have waited for long, by a few of them. */
export interface Waiting {
  readonly count: number
  readonly more: boolean
  readonly samples: readonly { readonly id: string; readonly reasons: readonly Reason[] }[]
}

/** What is known; null for what was not asked or not answered. */
export interface Facts {
  readonly counters: Counters | null
  readonly agents: number
  readonly stale: readonly string[]
  readonly flapping: readonly { readonly id: string; readonly times: number }[]
  /** Dead letters of the last quarter of an hour. */
  readonly dead: number | null
  readonly waiting: Waiting | null
  readonly pauses: readonly DispatchPause[]
  readonly isReady: boolean | null
  readonly searchBehindMs: number | null
  /** How long the page's picture has been behind, in ms; 0 while it is fresh. */
  readonly pageBehindMs: number
}

export const DEAD_MINUTES = 15
/** Waiting for longer than this is worth a look. */
export const LONG_MS = 60_000
const SLOW_LOOP_MS = 250
const SEARCH_BEHIND_MS = 60_000
const MOST_NAMES = 3

type Look = (facts: Facts) => Concern[]

/** In the order of their weight. */
const LOOKS: readonly Look[] = [notReady, allPaused, nobody, waiting, dead, stale, flapping, partlyPaused, slow, search]

/** Everything that needs somebody. */
export function concerns(facts: Facts): Concern[] {
  return LOOKS.flatMap((look) => look(facts))
}

function notReady({ isReady }: Facts): Concern[] {
  if (isReady !== false) return []
  const text = 'The disk does not keep up, so that new work would be lost. What is wrong says'
  return [{ id: 'ready', tone: 'failed', title: 'The hub takes no work', text, command: 'corral doctor' }]
}

function allPaused({ pauses }: Facts): Concern[] {
  const pause = pauses.find((each) => each.label === null)
  return pause === undefined ? [] : [ofPause(pause, 'Dispatch is paused', 'paused')]
}

function partlyPaused({ pauses }: Facts): Concern[] {
  return pauses
    .filter((pause) => pause.label !== null)
    .slice(0, MOST_NAMES)
    .map((pause) => ofPause(pause, `Tasks with ${pause.label?.key}=${pause.label?.value} are paused`, 'paused'))
}

function ofPause(pause: DispatchPause, title: string, tone: Concern['tone']): Concern {
  const text = pause.note === null ? `By ${pause.created_by}` : `By ${pause.created_by}: ${pause.note}`
  return { id: `pause-${pause.id}`, tone, title, text, pause, link: { label: 'See pauses', to: '/admin/dispatch' } }
}

/** Work waits and nobody could ever do it. */
function nobody({ counters, agents }: Facts): Concern[] {
  if (agents > 0 || (counters?.tasks.queued ?? 0) === 0) return []
  const text = `${count(counters?.tasks.queued ?? 0, 'task')} wait, and no agent has ever joined. A join code comes from`
  return [{ id: 'nobody', tone: 'failed', title: 'There is no agent', text, command: 'corral invite' }]
}

function waiting({ counters, waiting: found, agents }: Facts): Concern[] {
  const oldest = counters?.oldest_queued_ms ?? 0
  if (agents === 0 || oldest < LONG_MS || found === null || found.count === 0) return []
  const many = `${count(found.count, 'task')}${found.more ? ' or more' : ''}`
  const [first] = found.samples
  const link =
    found.count === 1 && first !== undefined
      ? { label: 'Open the task', to: `/tasks/${encodeURIComponent(first.id)}` }
      : { label: 'See them', to: '/tasks?q=state:queued+before:1m' }
  const title = `${many} queued for more than a minute`
  const text = `${reasonText(found)} The oldest has waited for ${formatDuration(oldest)}.`
  return [{ id: 'waiting', tone: 'warn', title, text, link }]
}

/** The reason that most of the samples give. */
function reasonText({ samples }: Waiting): string {
  const counts = new Map<string, { times: number; message: string }>()
  for (const { reasons } of samples) {
    for (const { code, message } of reasons.slice(0, 1)) {
      counts.set(code, { times: (counts.get(code)?.times ?? 0) + 1, message })
    }
  }
  const [most] = [...counts.values()].sort((a, b) => b.times - a.times)
  return most === undefined ? '' : sentence(most.message)
}

function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(begun) ? begun : `${begun}.`
}

function dead({ dead: many }: Facts): Concern[] {
  if (many === null || many === 0) return []
  const title = `${count(many, 'task')} failed for good`
  const text = `In the last ${DEAD_MINUTES} minutes. They are kept, and can be tried again.`
  return [{ id: 'dead', tone: 'failed', title, text, link: { label: 'Look and retry', to: '/tasks?q=state:failed' } }]
}

function stale({ stale: ids }: Facts): Concern[] {
  if (ids.length === 0) return []
  const title = `${count(ids.length, 'agent')} gone with work`
  const text = `${named(ids)}: the work goes back to the queue when its lease ends.`
  return [{ id: 'stale', tone: 'failed', title, text, link: { label: 'See them', to: '/fleet?q=status:stale' } }]
}

function flapping({ flapping: found }: Facts): Concern[] {
  if (found.length === 0) return []
  const title = `${count(found.length, 'agent')} come and go`
  const text = `${named(found.map((each) => `${each.id} (${each.times} times)`))} within ten minutes.`
  const [first] = found
  const to = found.length === 1 && first !== undefined ? `/fleet/${encodeURIComponent(first.id)}` : '/events?q=type:agent.offline'
  return [{ id: 'flapping', tone: 'warn', title, text, link: { label: 'Look at it', to } }]
}

function slow({ counters, pageBehindMs }: Facts): Concern[] {
  const lag = counters?.loop_lag_ms ?? 0
  if (lag >= SLOW_LOOP_MS) {
    const text = `It kept others waiting for ${formatDuration(lag)}.`
    return [{ id: 'slow', tone: 'warn', title: 'The hub is slow', text, link: { label: 'See metrics', to: '/metrics' } }]
  }
  if (pageBehindMs === 0) return []
  const text = `What is shown is ${formatDuration(pageBehindMs)} old.`
  return [{ id: 'behind', tone: 'warn', title: 'This page is behind', text }]
}

function search({ searchBehindMs }: Facts): Concern[] {
  if (searchBehindMs === null || searchBehindMs < SEARCH_BEHIND_MS) return []
  const text = `It does not know the last ${formatDuration(searchBehindMs)} yet.`
  return [{ id: 'search', tone: 'warn', title: 'Search is behind', text, command: 'corral doctor' }]
}

function named(names: readonly string[]): string {
  const rest = names.length - MOST_NAMES
  const shown = names.slice(0, MOST_NAMES).join(', ')
  return rest > 0 ? `${shown} and ${rest} more` : shown
}
