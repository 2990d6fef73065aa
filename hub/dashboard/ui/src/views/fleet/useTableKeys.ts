/** The keys of the fleet's table. They act on what is selected, or else on the row that is active. */
import type { Ref } from 'vue'

import type { FleetAgent } from '@/components/agents'
import { useLive } from '@/live/live'
import { useKeys } from '@/stores/keys'
import { whyNot } from '@/stores/session'
import { useToasts } from '@/stores/toasts'

import { toggleDrain, togglePause } from './oneAgent'
import { NOTHING, extend, toggle, type Selection } from './selection'

interface Table {
  readonly activeId: () => string | null
  readonly selection: Ref<Selection>
  readonly shown: () => readonly string[]
  readonly bulk: (name: 'pause' | 'drain') => void
  readonly menu: (id: string) => void
}

export function useTableKeys(table: Table): void {
  const { agents } = useLive()
  const { selection } = table
  const hasActive = () => table.activeId() !== null
  const hasAny = () => hasActive() || selection.value.ids.size > 0

  function withActive(act: (id: string) => void): void {
    const id = table.activeId()
    if (id !== null) act(id)
  }

  function change(name: 'pause' | 'drain', one: (agent: FleetAgent) => Promise<void>): void {
    const reason = whyNot('operate')
    if (reason !== null) useToasts().say({ kind: 'warn', title: reason })
    else if (selection.value.ids.size > 0) table.bulk(name)
    else withActive((id) => void (agents.has(id) && one(agents.get(id) as FleetAgent)))
  }

  useKeys(
    {
      x: {
        label: 'Select the row',
        when: hasActive,
        run: () => withActive((id) => (selection.value = toggle(selection.value, id))),
      },
      'Shift+x': {
        label: 'Select up to the row',
        when: hasActive,
        run: () => withActive((id) => (selection.value = extend(selection.value, id, table.shown()))),
      },
      p: { label: 'Pause or resume', when: hasAny, run: () => change('pause', togglePause) },
      d: { label: 'Drain', when: hasAny, run: () => change('drain', toggleDrain) },
      '.': { label: 'Menu of the row', when: hasActive, run: () => withActive(table.menu) },
      Escape: {
        label: 'Clear the selection',
        when: () => selection.value.ids.size > 0,
        run: () => (selection.value = NOTHING),
      },
    },
    'Fleet',
  )
}
