/** The shapes of the wire, made from `schemas/`; import them from here. */
import type * as schema from './schema'

export type * from './schema'
export { AgentRowFields, EventRowFields, EventSelectors, TaskRowFields } from './schema'

/**
 * An agent of the live picture: the row of the wire with its names. It has no `seen_at` while it is
 * connected, and its capabilities are the picture's offer of the number `offer`.
 */
export interface Agent extends schema.NamedAgentRow {
  status: schema.Presence
}

/** A task that changed just now. */
export type LiveTask = schema.NamedTaskRow

/** Something that happened, whether it was just told or is read later. */
export type HubEvent = Readonly<schema.NamedEventRow>
