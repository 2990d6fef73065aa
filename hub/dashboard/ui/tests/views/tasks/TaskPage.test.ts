import { flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'

import TaskPage from '@/views/tasks/TaskPage.vue'

import { show } from '../../components/page'

const TASK = {
  id: 't-1',
  state: 'queued',
  priority: 'normal',
  version: 1,
  attempt: 0,
  max_attempts: 3,
  description: 'Weave',
  submitted_by: 'main/ada',
  labels: {},
  needs: [],
  payload: {},
  created_at: 1,
}
const SAID = { error: { code: 'overloaded', message: 'The hub has too much to do.' } }
const REASON = { code: 'no_agent', message: 'No agent is connected.' }
let isRefusing = true

function answer(path: string): [object, number] {
  if (path.endsWith('/t-1')) return [TASK, 200]
  if (isRefusing) return [SAID, 503]
  if (path.endsWith('/explain')) return [{ task_id: 't-1', state: 'queued', reasons: [REASON], candidates: [] }, 200]
  return [{ items: [], next_cursor: 'e:1', at_end: true }, 200]
}

beforeEach(() => {
  isRefusing = true
  vi.stubGlobal('fetch', async (path: string) => {
    const [body, status] = answer(path.split('?')[0]!)
    return new Response(JSON.stringify(body), { status })
  })
})
afterEach(() => (document.body.innerHTML = ''))

it('says what could not be read, and reads it when told to', async () => {
  const page = show(TaskPage, { id: 't-1' })
  await flushPromises()
  const notes = page.findAll('[role=tabpanel] [role=alert]').filter((note) => note.isVisible())
  expect(notes.map((note) => note.text()).join()).toMatch(/This cannot be told.*The attempts cannot be read/s)
  expect(page.text()).toContain('The hub has too much to do.')
  isRefusing = false
  for (const note of notes) await note.get('button').trigger('click')
  await flushPromises()
  expect(page.findAll('[role=alert]')).toHaveLength(0)
  expect(page.text()).toContain('No agent is connected.')
  page.unmount()
})
