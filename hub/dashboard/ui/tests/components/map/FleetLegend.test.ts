import { afterEach, expect, it } from 'vitest'

import FleetLegend from '@/components/map/FleetLegend.vue'

import { flaws, show } from '../page'

const COUNTS = [
  { status: 'working', count: 4 },
  { status: 'idle', count: 0 },
  { status: 'offline', count: 1_200 },
]

afterEach(() => document.body.replaceChildren())

it('names the statuses that there are, with their numbers', async () => {
  const legend = show(FleetLegend, { counts: COUNTS, only: new Set() })
  expect(legend.findAll('button').map((button) => button.text())).toEqual(['working4', 'offline1,200'])
  expect(await flaws()).toEqual([])
})

it('lets one be chosen, and keeps a chosen one that nobody has any more', async () => {
  const legend = show(FleetLegend, { counts: COUNTS, only: new Set(['idle']) })
  expect(legend.findAll('button').map((button) => button.attributes('aria-pressed'))).toEqual(['false', 'true', 'false'])
  await legend.findAll('button')[0]!.trigger('click')
  expect(legend.emitted('update:only')).toEqual([[new Set(['idle', 'working'])]])
})
