/**
 * What was asked for and is not answered yet. A pause is shown at once, marked as being sent,
 * because it can be taken back; it disappears again, with the reason, when the hub refuses.
 */
import { shallowReactive } from 'vue'

import { standing, type FleetAgent } from '@/components/agents'
import type { PauseWords } from '@/components/pause'
import { useLive } from '@/live/live'
import { useToasts } from '@/stores/toasts'

import { ACTIONS, perform, reasonOf, type ActionName } from './actions'

/** The live picture may be this much later than the answer. */
const SETTLING_MS = 1_500
const LOOK_MS = 50

const sending = shallowReactive(new Map<string, ActionName>())

/** What is being sent for an agent. */
export function sendingOf(id: string): ActionName | undefined {
  return sending.get(id)
}

/** The word for an agent's status, as if what is being sent had been done where that is safe. */
export function shownStanding(agent: FleetAgent, asked: ActionName | undefined): string {
  if (asked === 'pause') return standing({ ...agent, paused: true })
  if (asked === 'resume' && agent.paused) return standing({ ...agent, paused: false })
  return standing(agent)
}

/** Asks for one action on one agent. Whether it was done; what went wrong is said in a toast. */
export async function actOn(name: ActionName, id: string, words?: PauseWords): Promise<boolean> {
  sending.set(id, name)
  try {
    await perform(name, id, words)
    await settled(name, id)
    return true
  } catch (error) {
    const title = `${id} was not ${ACTIONS[name].done.toLowerCase()}`
    useToasts().say({ kind: 'error', title, text: reasonOf(error) })
    return false
  } finally {
    sending.delete(id)
  }
}

/** Waits until the live picture shows it too, so that the row does not flicker back. */
async function settled(name: ActionName, id: string): Promise<void> {
  const { agents } = useLive()
  const until = performance.now() + SETTLING_MS
  const isShown = () => {
    const agent = agents.get(id)
    return agent === undefined || !ACTIONS[name].concerns(agent)
  }
  while (!isShown() && performance.now() < until) {
    await new Promise((done) => setTimeout(done, LOOK_MS))
  }
}
