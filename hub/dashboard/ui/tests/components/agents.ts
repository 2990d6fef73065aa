/** Agents for tests. */
import type { FleetAgent } from '@/components/agents'

/** An idle agent, but for what is named. */
export function agent(id: string, but: Partial<FleetAgent> = {}): FleetAgent {
  return {
    id,
    name: id,
    status: 'idle',
    slots: 1,
    running: 0,
    paused: false,
    draining: false,
    active: true,
    host: null,
    seen_at: null,
    offer: 0,
    labels: {},
    ...but,
  }
}

/** As the live picture holds them. */
export function fleet(...agents: FleetAgent[]): Map<string, FleetAgent> {
  return new Map(agents.map((each) => [each.id, each]))
}
