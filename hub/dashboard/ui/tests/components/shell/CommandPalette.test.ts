import { flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ref } from 'vue'

import CommandPalette from '@/components/shell/CommandPalette.vue'

import { show } from '../page'

const live = { hasSearch: ref(true) }
vi.mock('@/live/live', () => ({ useLive: () => live }))

const WELL = { items: [], next_cursor: null, ready: true, behind: 0, behind_ms: 0 }
const hub = { answer: WELL as object, status: 200, asked: [] as string[] }

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  Object.assign(hub, { answer: WELL, status: 200, asked: [] })
  HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) {
    this.open = true
  }
  vi.stubGlobal('fetch', async (path: string) => {
    hub.asked.push(path)
    return new Response(JSON.stringify(hub.answer), { status: hub.status })
  })
})
afterEach(() => {
  vi.useRealTimers()
  document.body.innerHTML = ''
})

async function palette(begun?: string) {
  const shown = show(CommandPalette, { open: true, begun })
  const type = async (words: string) => {
    await shown.get('input').setValue(words)
    await vi.advanceTimersByTimeAsync(100)
    await flushPromises()
  }
  return { shown, type }
}

describe('the search of the palette', () => {
  it('goes on with what was typed before it was there', async () => {
    const { shown } = await palette('hens')
    expect(shown.get('input').element.value).toBe('hens')
    await vi.advanceTimersByTimeAsync(100)
    expect(hub.asked).toEqual(['/api/v1/search?q=hens&limit=12'])
  })

  it('says how far the index is behind, and nothing when it is not', async () => {
    hub.answer = { ...WELL, behind: 1_200, behind_ms: 3_000 }
    const { shown, type } = await palette()
    await type('hens')
    expect(shown.text()).toContain('The index is 1,200 events behind (3 s).')
    hub.answer = WELL
    await type('hens and')
    expect(shown.text()).not.toContain('The index')
  })

  it('says that the index is being built', async () => {
    hub.answer = { ...WELL, ready: false }
    const { shown, type } = await palette()
    await type('hens')
    expect(shown.text()).toContain('The index is being built anew')
  })

  it('says nothing of an index that it did not ask, or that did not answer', async () => {
    hub.answer = { ...WELL, behind: 7, behind_ms: 1_000 }
    const { shown, type } = await palette()
    await type('hens')
    await type('h')
    expect(shown.text()).not.toContain('behind')
    hub.status = 503
    hub.answer = { error: { code: 'busy', message: 'Too much is asked.' } }
    await type('hens')
    expect(shown.text()).toContain('Too much is asked.')
    expect(shown.text()).not.toContain('behind')
  })
})
