/** The shapes of the wire, made from `schemas/`; import them from here. */
import type * as schema from './schema'

export type * from './schema'
export { AgentRowFields, EventRowFields, EventSelectors, TaskRowFields } from './schema'

/** An agent of the live picture: the row of the wire with its names. */
export interface Agent {
  id: string
  name: string
  status: schema.Presence
  slots: number
  running: number
  paused: boolean
  draining: boolean
  active: boolean
  host: string | null
  /** When it was last seen; null while it is connected. */
  seen_at: number | null
  /** Its capabilities, as an index of the picture's offers. */
  offer: number
  labels: Record<string, string>
}

/** A task that changed just now. */
export interface LiveTask {
  id: string
  state: schema.StateName
  version: number
  attempt: number
  agent: string | null
  percent: number | null
  at: number
}

/** Something that happened, whether it was just told or is read later. */
export interface HubEvent {
  readonly seq: number
  readonly type: string
  /** The id of what it is about. */
  readonly entity: string
  readonly actor: string
  readonly at: number
  readonly data: Readonly<Record<string, unknown>>
}
