import { flushPromises } from '@vue/test-utils'
import { afterEach, expect, it, vi } from 'vitest'

import type { AgentView } from '@/api/types'
import AgentFacts from '@/views/fleet/AgentFacts.vue'
import AgentTasks from '@/views/fleet/AgentTasks.vue'

import { show } from '../../components/page'

/** It would turn round what stands after it. */
const TURNED = 'all well\u202e'

afterEach(() => (document.body.innerHTML = ''))

it('hides nothing that tasks say of themselves, now or before', async () => {
  const task = (id: string, state: string) => ({
    id,
    state,
    attempt: 1,
    description: `${TURNED} ${id}`,
    progress: { percent: 5, message: `${TURNED} step` },
    created_at: 1,
  })
  vi.stubGlobal('fetch', async (path: string) => {
    const items = path.includes('state=') ? [task('now', 'running')] : [task('now', 'running'), task('before', 'completed')]
    return new Response(JSON.stringify({ items, next_cursor: null }))
  })
  const shown = show(AgentTasks, { id: 'oak' })
  await flushPromises()
  expect(shown.text()).not.toContain('\u202e')
  for (const words of ['now', 'step', 'before']) expect(shown.text()).toContain(`all well\\u202e ${words}`)
})

it('hides nothing that an agent is called, or that is noted about it', () => {
  const agent = { name: TURNED, note: `first\n${TURNED}`, slots: 1, capabilities: [], executors: [], status: 'idle', created_at: 1, protocol_version: 2 }
  const shown = show(AgentFacts, { agent: agent as unknown as AgentView, running: 0 })
  expect(shown.text()).not.toContain('\u202e')
  expect(shown.text()).toContain('first\nall well\\u202e')
})
