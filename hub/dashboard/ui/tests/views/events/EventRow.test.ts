import { afterEach, expect, it } from 'vitest'

import EventRow from '@/views/events/EventRow.vue'

import { show } from '../../components/page'

const HOSTILE = '<img src=x onerror=alert(1)>'
const EVENT = {
  seq: 7,
  type: 'task.status.changed',
  entity: 'task-1',
  actor: HOSTILE,
  at: 0,
  data: { from: 'running', to: 'dead_letter', reason: `${HOSTILE}\u202egnp.exe` },
}

afterEach(() => document.body.replaceChildren())

it('shows hostile words as text, and what turns their direction by its code', () => {
  const row = show(EventRow, { event: EVENT, isOpen: false })
  expect(row.find('img').exists()).toBe(false)
  expect(row.text()).toContain(`running → dead_letter: ${HOSTILE}\\u202egnp.exe`)
  expect(row.find('.fill-failed').exists()).toBe(true)
})

it('leads to its task, opens, and lets only its like through', async () => {
  const row = show(EventRow, { event: EVENT, isOpen: false })
  expect(row.find('a').attributes('href')).toBe('/tasks/task-1')
  expect(row.find('.expand').attributes('aria-expanded')).toBe('false')
  await row.find('.expand').trigger('click')
  expect(row.emitted('toggle')).toHaveLength(1)
  await row.find('.kind .sift').trigger('click')
  await row.find('.actor .sift').trigger('click')
  expect(row.emitted('sift')).toEqual([['type', EVENT.type], ['actor', HOSTILE]])
})
