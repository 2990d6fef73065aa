/** What the command palette can do while the fleet is shown. */
import type { AgentAction } from '@/api/types'
import { ACTIONS } from '@/components/fleet/actions'
import { count } from '@/components/format'
import { useCommands } from '@/stores/commands'
import { useSession } from '@/stores/session'

interface Fleet {
  readonly selected: () => number
  readonly bulk: (name: AgentAction) => void
  readonly look: (wanted: 'table' | 'map') => void
}

export function useFleetCommands(fleet: Fleet): void {
  const { register } = useCommands()
  const session = useSession()
  for (const name of Object.keys(ACTIONS) as AgentAction[]) {
    register({
      id: `fleet-${name}`,
      group: 'Fleet',
      get title() {
        return `${ACTIONS[name].verb} ${count(fleet.selected(), 'selected agent')}`
      },
      when: () => fleet.selected() > 0 && session.can(name === 'delete' ? 'administer' : 'operate'),
      run: () => fleet.bulk(name),
    })
  }
  register({ id: 'fleet-map', group: 'Fleet', title: 'Show the fleet as a map', run: () => fleet.look('map') })
  register({ id: 'fleet-table', group: 'Fleet', title: 'Show the fleet as a table', run: () => fleet.look('table') })
}
