/** What people do with agents: which of them it concerns, and how it is asked. */

import { del, patch, post } from '@/api/client'
import type { AgentAction, AgentBulkRequest, AgentEdit, AgentView } from '@/api/types'
import type { FleetAgent } from '@/components/agents'
import type { PauseWords } from '@/components/pause'

/** What is asked for in one word; a deletion has its own way. */
export type ActionName = Exclude<AgentAction, 'delete'>

interface Action {
  readonly verb: string
  readonly doing: string
  readonly done: string
  /** What it means, for somebody who is about to do it. */
  readonly means: string
  /** Why an agent is left out. */
  readonly already: string
  readonly concerns: (agent: Pick<FleetAgent, 'paused' | 'draining'>) => boolean
}

export const ACTIONS: Readonly<Record<AgentAction, Action>> = {
  pause: {
    verb: 'Pause',
    doing: 'Pausing',
    done: 'Paused',
    means: 'They get no new work, and go on with what they have.',
    already: 'paused already',
    concerns: (agent) => !agent.paused,
  },
  resume: {
    verb: 'Resume',
    doing: 'Resuming',
    done: 'Resumed',
    means: 'Their pause and their drain end, and they get work again.',
    already: 'neither paused nor draining',
    concerns: (agent) => agent.paused || agent.draining,
  },
  drain: {
    verb: 'Drain',
    doing: 'Draining',
    done: 'Draining',
    means: 'They finish what they have and get nothing new, until somebody resumes them.',
    already: 'draining already',
    concerns: (agent) => !agent.draining,
  },
  delete: {
    verb: 'Delete',
    doing: 'Deleting',
    done: 'Deleted',
    means: 'They are forgotten, with their tokens; those that are connected are sent away.',
    already: '',
    concerns: () => true,
  },
}

/** Which agents a bulk action is about: those that were picked, or all that the filter finds. */
export function targetOf(
  picked: ReadonlySet<string>,
  matching: readonly string[],
  filter: string,
): Pick<AgentBulkRequest, 'all' | 'filter' | 'ids'> {
  const isAll = picked.size === matching.length && matching.every((id) => picked.has(id))
  return isAll ? allOf(filter) : { ids: [...picked] }
}

/** All that a filter finds; without one, all there are. */
export function allOf(filter: string): Pick<AgentBulkRequest, 'all' | 'filter'> {
  return filter.trim() === '' ? { all: true } : { filter: filter.trim() }
}

/** What is done to many of them at once, in the order of the buttons. */
export const BULK_NAMES = ['pause', 'resume', 'drain'] as const

/** Where an agent is found. */
export function agentPath(id: string): string {
  return `/api/v1/agents/${encodeURIComponent(id)}`
}

/** Asks the hub for it. */
export function perform(name: ActionName, id: string, words: PauseWords = {}): Promise<AgentView> {
  const body = name === 'pause' && Object.keys(words).length > 0 ? words : undefined
  return post<AgentView>(`${agentPath(id)}/${name}`, body)
}

/** Changes an agent, unless somebody else did so since that version. */
export function edit(id: string, wish: AgentEdit, version: number): Promise<AgentView> {
  return patch<AgentView>(agentPath(id), wish, { version })
}

/** Forgets an agent; with force also when it has work, which goes back to the queue. */
export function forget(id: string, force: boolean): Promise<void> {
  return del(agentPath(id), { query: { force: force || null } })
}

/** A failure in words for a person. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
