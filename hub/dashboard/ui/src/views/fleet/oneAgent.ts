/** The acts on one agent, each with the way back in its toast. */
import type { FleetAgent } from '@/components/agents'
import { ACTIONS, type ActionName } from '@/components/fleet/actions'
import { actOn } from '@/components/fleet/pending'
import { useToasts } from '@/stores/toasts'

type Known = Pick<FleetAgent, 'id' | 'paused' | 'draining'>

/** Pauses it, or ends its pause. */
export function togglePause(agent: Known): Promise<void> {
  return actAndTell(agent.paused ? 'resume' : 'pause', agent.id)
}

/** Drains it, or ends its drain. */
export function toggleDrain(agent: Known): Promise<void> {
  return actAndTell(agent.draining ? 'resume' : 'drain', agent.id)
}

async function actAndTell(name: ActionName, id: string): Promise<void> {
  if (!(await actOn(name, id))) return
  const title = `${id}: ${ACTIONS[name].done.toLowerCase()}`
  const undo = { label: 'Resume', run: () => void actAndTell('resume', id) }
  useToasts().say(name === 'resume' ? { kind: 'done', title } : { kind: 'done', title, action: undo })
}
