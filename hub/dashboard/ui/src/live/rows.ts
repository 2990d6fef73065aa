/** Gives the values of a row their names. The order of the names comes with the generated types. */
import { AgentRowFields, EventRowFields, TaskRowFields, type Agent, type HubEvent, type LiveTask } from '@/api/types'

type Row = readonly unknown[]

function named<T>(fields: readonly (keyof T & string)[]): (row: Row) => T {
  return (row) => {
    const made: Record<string, unknown> = {}
    for (let place = 0; place < fields.length; place++) made[fields[place]!] = row[place]
    return made as T
  }
}

export const agentOf = named<Agent>(AgentRowFields)
export const taskOf = named<LiveTask>(TaskRowFields)
export const eventOf = named<HubEvent>(EventRowFields)
