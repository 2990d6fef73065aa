import { flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import SavedViews from '@/components/SavedViews.vue'
import { useSettings } from '@/stores/settings'

import { flaws, show } from './page'

beforeEach(() => localStorage.clear())
afterEach(() => document.body.replaceChildren())

/** The views of the tasks, opened at an address. */
async function views(address: string) {
  const shown = show(SavedViews, { screen: 'tasks', keys: ['q', 'view'] })
  await shown.vm.$router.push(address)
  await shown.find('button').trigger('click')
  return shown
}

async function save(shown: Awaited<ReturnType<typeof views>>, name: string): Promise<void> {
  await shown.find('input').setValue(name)
  await shown.find('form').trigger('submit')
}

describe('saved views', () => {
  it('keep what belongs to a view, and not what is looked at beside it', async () => {
    await save(await views('/tasks?q=state:failed&task=t-1&view=board'), ' broken ')
    const [kept] = useSettings().views.tasks!
    expect(kept!.name).toBe('broken')
    expect(Object.fromEntries(new URLSearchParams(kept!.query))).toEqual({ q: 'state:failed', view: 'board' })
  })

  it('lead back, and say which of them is shown', async () => {
    const shown = await views('/tasks?q=state:failed')
    await save(shown, 'broken')
    expect(shown.find('a').attributes('aria-current')).toBe('true')
    await shown.vm.$router.push('/tasks?q=state:done')
    await flushPromises()
    expect(shown.find('a').attributes('aria-current')).not.toBe('true')
    await shown.find('a').trigger('click')
    await flushPromises()
    expect(shown.vm.$route.query).toEqual({ q: 'state:failed' })
    expect(shown.find('form').exists()).toBe(false)
  })

  it('are removed, and the keyboard has somewhere to go', async () => {
    const shown = await views('/tasks?q=x')
    await save(shown, '<b>one</b>')
    expect(await flaws()).toEqual([])
    expect(shown.find('b').exists()).toBe(false)
    await shown.find('li button').trigger('click')
    expect(useSettings().views.tasks).toEqual([])
    expect(document.activeElement).toBe(shown.find('input').element)
  })
})
