import { flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'

import SearchResults from '@/views/tasks/SearchResults.vue'

import { show } from '../../components/page'

const AGAIN_MS = 2_000
const index = { ids: ['b', 'a'], behind: 5 }

const found = (id: string) => ({ kind: 'task', id, state: 'queued', at: 1, title: `Task ${id}`, field: 'description', snippet: id, marks: [] })

beforeEach(() => {
  vi.useFakeTimers()
  Object.assign(index, { ids: ['b', 'a'], behind: 5 })
  vi.stubGlobal('fetch', async (path: string) => {
    const isMore = path.includes('cursor=')
    const items = (isMore ? ['old'] : index.ids).map(found)
    return new Response(JSON.stringify({ items, next_cursor: isMore ? null : 'c', ready: true, behind: index.behind, behind_ms: 10 }))
  })
})
afterEach(() => {
  vi.useRealTimers()
  document.body.innerHTML = ''
})

async function results() {
  const shown = show(SearchResults, { words: 'task', states: null })
  await flushPromises()
  const ids = () => shown.findAll('li a').map((link) => link.text().replace('Task ', ''))
  const news = () => shown.findAll('button').find((button) => button.text() === 'Show what is found now')
  return { shown, ids, news }
}

async function again(): Promise<void> {
  await vi.advanceTimersByTimeAsync(AGAIN_MS)
  await flushPromises()
}

it('takes in what the index learns while nobody points at it', async () => {
  const { ids, news } = await results()
  index.ids = ['c', 'b', 'a']
  await again()
  expect(ids()).toEqual(['c', 'b', 'a'])
  expect(news()).toBeUndefined()
})

it('moves no row under the pointer, until it leaves or what waits is asked for', async () => {
  const { shown, ids, news } = await results()
  await shown.trigger('pointerenter')
  Object.assign(index, { ids: ['c', 'b', 'a'], behind: 1 })
  await again()
  expect(ids()).toEqual(['b', 'a'])
  expect(shown.text()).toContain('1 event behind')
  await news()!.trigger('click')
  expect(ids()).toEqual(['c', 'b', 'a'])
  Object.assign(index, { ids: ['d', 'c', 'b', 'a'], behind: 0 })
  await again()
  expect(ids()).toEqual(['c', 'b', 'a'])
  expect(shown.text()).toContain('The index is up to date.')
  await shown.trigger('pointerleave', { pointerType: 'mouse' })
  await flushPromises()
  expect(ids()).toEqual(['d', 'c', 'b', 'a'])
  expect(shown.text()).not.toContain('The index')
})

it('keeps the later pages that somebody asked for', async () => {
  const { shown, ids, news } = await results()
  await shown.findAll('button').find((button) => button.text() === 'Show more')!.trigger('click')
  await flushPromises()
  await again()
  expect(ids()).toEqual(['b', 'a', 'old'])
  expect(news()).toBeUndefined()
  index.ids = ['c', 'b']
  await again()
  expect(ids()).toEqual(['b', 'a', 'old'])
  await news()!.trigger('click')
  expect(ids()).toEqual(['c', 'b'])
})
