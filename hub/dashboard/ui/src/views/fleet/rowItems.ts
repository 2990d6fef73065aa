/** What the menu of a row offers. */
import type { FleetAgent } from '@/components/agents'
import { copyText } from '@/components/clipboard'
import type { MenuItem } from '@/components/RowMenu.vue'
import { whyNot } from '@/stores/session'

import { toggleDrain, togglePause } from './oneAgent'

export function rowItems(id: string, agent: FleetAgent | undefined, open: () => void): MenuItem[] {
  const look = { label: 'Inspect', keys: 'Enter', run: open }
  const copy = { label: 'Copy the id', run: () => void copyText(id) }
  if (agent === undefined) return [copy]
  const reason = whyNot('operate')
  return [
    look,
    { label: agent.paused ? 'Resume' : 'Pause', keys: 'p', reason, run: () => void togglePause(agent) },
    {
      label: agent.draining ? 'End the drain' : 'Drain',
      keys: 'd',
      reason,
      run: () => void toggleDrain(agent),
    },
    copy,
  ]
}
