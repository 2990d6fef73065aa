import { flushPromises, mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'

import NewTaskView from '@/views/tasks/NewTaskView.vue'

import { router } from '../../components/page'

const TASK = { id: 't-1', description: 'Weave', payload: {}, labels: {}, needs: [], priority: 'normal', state: 'completed' }

beforeEach(() => {
  sessionStorage.clear()
  vi.stubGlobal('fetch', async () => new Response(JSON.stringify(TASK)))
})
afterEach(() => (document.body.innerHTML = ''))

async function open(address: string) {
  const pinia = createPinia()
  setActivePinia(pinia)
  const routes = router()
  await routes.push(address)
  const page = mount(NewTaskView, { attachTo: document.body, global: { plugins: [pinia, routes] } })
  await flushPromises()
  return { page, routes, description: () => (page.find('textarea, input').element as HTMLInputElement).value }
}

it('recalls an edit of a task there, and nowhere else', async () => {
  const first = await open('/tasks/new?from=t-1')
  expect(first.description()).toBe('Weave')
  await first.page.find('textarea, input').setValue('Weave a longer one')
  first.page.unmount()
  const empty = await open('/tasks/new')
  expect(empty.description()).toBe('')
  empty.page.unmount()
  const again = await open('/tasks/new?from=t-1')
  expect(again.description()).toBe('Weave a longer one')
  expect(again.page.text()).toContain('This is what you typed before')
  await again.routes.push('/tasks/new')
  await flushPromises()
  expect(again.description()).toBe('')
  await again.routes.push('/tasks/new?from=t-1')
  await flushPromises()
  await again.page.findAll('button').find((each) => each.text() === 'Begin with the task as it was')!.trigger('click')
  await flushPromises()
  expect(again.description()).toBe('Weave')
  again.page.unmount()
})
