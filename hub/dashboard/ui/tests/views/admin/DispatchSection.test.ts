import { flushPromises } from '@vue/test-utils'
import { afterEach, expect, it, vi } from 'vitest'

import DispatchSection from '@/views/admin/DispatchSection.vue'

import { show } from '../../components/page'

afterEach(() => (document.body.innerHTML = ''))

it('hides nothing that is noted about a pause', async () => {
  const pause = { id: 'p', label: { key: 'team', value: 'red\u202e' }, note: 'disks\u202e', created_by: 'ada', created_at: 1, until: null }
  vi.stubGlobal('fetch', async () => new Response(JSON.stringify({ paused: false, pauses: [pause] })))
  const shown = show(DispatchSection)
  await flushPromises()
  expect(shown.text()).not.toContain('\u202e')
  expect(shown.text()).toContain('disks\\u202e')
  expect(shown.text()).toContain('team=red\\u202e')
})
