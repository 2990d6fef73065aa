/** What people do with agents: which of them it concerns, how it is asked, what a refusal means. */

import { ApiError, del, patch, post } from '@/api/client'
import type { AgentEdit, AgentView } from '@/api/types'
import type { FleetAgent } from '@/components/agents'
import type { PauseWords } from '@/components/pause'

import type { Verdict } from './bulk'

export type ActionName = 'pause' | 'resume' | 'drain'

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

export const ACTIONS: Readonly<Record<ActionName, Action>> = {
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
}

/** What a bulk action would do. */
export interface Plan {
  readonly send: readonly string[]
  readonly already: readonly string[]
  readonly gone: readonly string[]
}

/** Sorts the chosen agents into those it concerns and those it does not. */
export function planFor(
  name: ActionName,
  ids: Iterable<string>,
  agents: ReadonlyMap<string, FleetAgent>,
): Plan {
  const plan = { send: [] as string[], already: [] as string[], gone: [] as string[] }
  for (const id of ids) {
    const agent = agents.get(id)
    if (agent === undefined) plan.gone.push(id)
    else if (ACTIONS[name].concerns(agent)) plan.send.push(id)
    else plan.already.push(id)
  }
  return plan
}

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

const PATIENCE_MS = 2_000

/** What a refusal of one request means for the others of a bulk action. */
export function judge(error: unknown): Verdict {
  if (!(error instanceof ApiError)) return { kind: 'failed', reason: reasonOf(error) }
  if (error.status === 401) return { kind: 'stop', reason: 'You are not logged in any more.' }
  if (error.status === 429 || error.status === 503 || error.status === 0) {
    return { kind: 'wait', ms: error.retryAfterMs ?? PATIENCE_MS }
  }
  return { kind: 'failed', reason: error.message }
}

/** A failure in words for a person. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
