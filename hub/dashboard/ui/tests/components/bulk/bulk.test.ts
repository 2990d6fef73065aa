import { flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import type { BulkView } from '@/api/types'
import BulkDialog from '@/components/bulk/BulkDialog.vue'
import BulkJobs from '@/components/bulk/BulkJobs.vue'
import { useBulkJobs } from '@/stores/bulk'

import { flaws, show } from '../page'

const HOSTILE = '<img src=x onerror=alert(1)>\u202e'
const JOB = {
  id: 'b',
  about: 'agents',
  action: 'delete',
  state: 'completed',
  total: { count: 5, more: false },
  done: 3,
  failed: 2,
  skipped: 0,
  failures: [{ agent_id: 'oak', code: 'invalid_state', message: HOSTILE }],
} as unknown as BulkView
const PREVIEW = {
  action: 'pause',
  total: { count: 9, more: false },
  already: 2,
  unknown: 1,
  sample: [{ id: 'oak', status: 'idle' }],
}
const REFUSED = { error: { code: 'conflict', message: '12 agents are meant by now', retry_after_ms: null }, request_id: 'r' }
const hub = { preview: PREVIEW as object, isRefused: false, asked: [] as [string, unknown][] }

beforeEach(() => {
  hub.preview = PREVIEW
  hub.isRefused = false
  hub.asked = []
  HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) {
    this.open = true
  }
  vi.stubGlobal('fetch', async (path: string, request: RequestInit) => {
    hub.asked.push([path, request.body ? JSON.parse(request.body as string) : null])
    const isList = path.startsWith('/api/v1/bulk?')
    if (hub.isRefused && path.endsWith('/agents/bulk')) return new Response(JSON.stringify(REFUSED), { status: 409 })
    return new Response(JSON.stringify(isList ? { items: [], next_cursor: null } : path.endsWith('preview') ? hub.preview : JOB))
  })
})
afterEach(() => (document.body.innerHTML = ''))

async function dialog(props: object = {}) {
  const request = { action: 'pause', filter: 'status:idle' }
  const shown = show(BulkDialog, { about: 'agents', request, effect: 'They rest.', already: 'paused already', ...props })
  await flushPromises()
  return shown
}

describe('the question before a bulk action', () => {
  it('counts, shows some, and says who is left out', async () => {
    const shown = await dialog()
    expect(shown.text()).toContain('9 agents at this moment')
    expect(shown.text()).toContain('oak')
    expect(shown.text()).toContain('and 8 more')
    expect(shown.text()).toContain('2 agents left out: paused already.')
    expect(shown.text()).toContain('1 agent not in the fleet any more.')
    expect(await flaws()).toEqual([])
  })

  it('begins with what was asked for and what was said besides', async () => {
    const shown = await dialog({ more: { note: 'new disks' } })
    await shown.find('form').trigger('submit')
    await flushPromises()
    expect(hub.asked.at(-1)).toEqual(['/api/v1/agents/bulk', { action: 'pause', filter: 'status:idle', note: 'new disks' }])
    expect(shown.emitted('begun')).toHaveLength(1)
  })

  it('deletes no more than it showed, and counts again when there are more by now', async () => {
    hub.isRefused = true
    const shown = await dialog({ request: { action: 'delete', filter: 'status:offline' } })
    hub.preview = { ...PREVIEW, total: { count: 12, more: false } }
    await shown.find('form').trigger('submit')
    await flushPromises()
    expect(hub.asked[1]).toEqual(['/api/v1/agents/bulk', { action: 'delete', filter: 'status:offline', at_most: 9 }])
    expect(shown.emitted('begun')).toBeUndefined()
    expect(shown.text()).toContain('12 agents at this moment')
    expect(shown.text()).toContain('12 agents are meant by now')
  })

  it.each([
    ['something is missing', PREVIEW, 'Type delete first'],
    ['there is nobody', { ...PREVIEW, total: { count: 0, more: false } }, null],
  ])('begins nothing while %s', async (_why, preview, flaw) => {
    hub.preview = preview
    const shown = await dialog({ flaw })
    await shown.find('form').trigger('submit')
    await flushPromises()
    expect(hub.asked.map(([path]) => path)).toEqual(['/api/v1/agents/bulk/preview'])
  })
})

describe('the bulk actions that go on', () => {
  async function jobs(about: string, job = JOB) {
    const shown = show(BulkJobs, { about })
    useBulkJobs().jobs = [job]
    await flushPromises()
    return shown
  }

  it('are shown where they belong, with what became of them', async () => {
    expect((await jobs('tasks')).text()).toBe('')
    const shown = await jobs('agents')
    expect(shown.text()).toContain('Delete 5 agents: done')
    expect(shown.text()).toContain('3 deleted · 2 failed')
    expect(await flaws()).toEqual([])
  })

  it('say why the hub stopped one', async () => {
    const stopped = { ...JOB, state: 'cancelled', why_stopped: 'the token was revoked' } as BulkView
    expect((await jobs('agents', stopped)).text()).toContain('Delete 5 agents: stopped, because the token was revoked')
    expect((await jobs('agents', { ...stopped, why_stopped: undefined })).text()).not.toContain('because')
  })

  it('tell what failed and why, as the text that it is', async () => {
    const shown = await jobs('agents')
    await shown.findAll('button').find((button) => button.text() === 'What failed')!.trigger('click')
    expect(shown.text()).toContain('The first 1 of 2 failures.')
    expect(shown.text()).toContain('<img src=x onerror=alert(1)>\\u202e')
    expect(shown.find('a[href="/fleet/oak"]').exists()).toBe(true)
    expect(shown.find('img').exists()).toBe(false)
  })
})
