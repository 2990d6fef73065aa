/**
 * The picture of the fleet, and how a delta changes it. Knows no socket, no clock and no screen.
 *
 * The rule: a delta counts only when its number follows the picture's. Agents are replaced, never
 * changed in place, so that whoever kept one can see by identity that it is old.
 */
import type { Agent, Counters, Delta, HubEvent, LiveTask, Snapshot } from '@/api/types'

import { agentOf, eventOf, taskOf } from './rows'

export interface Picture {
  epoch: string
  /** The number of the last delta that is in it; -1 before the first snapshot. */
  seq: number
  counters: Counters | null
  agents: Map<string, Agent>
  /** The distinct lists of capabilities, by the number that agents name. */
  offers: string[][]
}

/** What changed in one frame of the screen. */
export interface Changes {
  agents: Set<string>
  tasks: LiveTask[]
  events: HubEvent[]
  /** More changed than is named: what is shown of tasks and events has to be asked for. */
  more: boolean
}

export function emptyPicture(): Picture {
  return { epoch: '', seq: -1, counters: null, agents: new Map(), offers: [] }
}

export function noChanges(): Changes {
  return { agents: new Set(), tasks: [], events: [], more: false }
}

/** Puts a whole snapshot into the picture; the map stays the same object. */
export function replace(picture: Picture, snapshot: Snapshot): Changes {
  const changes = { ...noChanges(), agents: new Set(picture.agents.keys()), more: true }
  picture.epoch = snapshot.epoch
  picture.seq = snapshot.seq
  picture.counters = snapshot.counters
  picture.offers = [...(snapshot.offers ?? [])]
  picture.agents.clear()
  for (const row of snapshot.agents ?? []) putAgent(picture, row, changes)
  return changes
}

/** 'applied', 'old' when the picture has it already, 'gap' when one before it is missing. */
export function apply(picture: Picture, delta: Delta, changes: Changes): 'applied' | 'old' | 'gap' {
  if (delta.seq <= picture.seq) return 'old'
  if (delta.seq !== picture.seq + 1) return 'gap'
  picture.seq = delta.seq
  if (delta.counters) picture.counters = delta.counters
  // Another list each time: whoever remembers something about offers sees that they changed.
  if (delta.offers) picture.offers = Object.assign([...picture.offers], delta.offers)
  for (const row of delta.agents ?? []) putAgent(picture, row, changes)
  for (const id of delta.gone ?? []) {
    picture.agents.delete(id)
    changes.agents.add(id)
  }
  for (const row of delta.tasks ?? []) changes.tasks.push(taskOf(row))
  for (const row of delta.events ?? []) changes.events.push(eventOf(row))
  changes.more ||= delta.more ?? false
  return 'applied'
}

function putAgent(picture: Picture, row: readonly unknown[], changes: Changes): void {
  const agent = agentOf(row)
  picture.agents.set(agent.id, agent)
  changes.agents.add(agent.id)
}
