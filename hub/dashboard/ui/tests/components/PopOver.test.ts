import { afterEach, describe, expect, it } from 'vitest'

import PopOver from '@/components/PopOver.vue'

import { flaws, show } from './page'

afterEach(() => document.body.replaceChildren())

async function opened() {
  const shown = show(PopOver, { label: 'Settings' }, { button: 'Settings', default: '<input aria-label="Name" />' })
  await shown.find('button').trigger('click')
  return shown
}

describe('a panel below a button', () => {
  it('is said to be open', async () => {
    const shown = await opened()
    expect(shown.find('button').attributes('aria-expanded')).toBe('true')
    expect(shown.find('input').exists()).toBe(true)
    expect(await flaws()).toEqual([])
  })

  it('closes by Escape, and gives the keyboard back', async () => {
    const shown = await opened()
    await shown.find('input').trigger('keydown', { key: 'Escape' })
    expect(shown.find('input').exists()).toBe(false)
    expect(document.activeElement).toBe(shown.find('button').element)
  })

  it('leaves Escape to the page while it is closed', async () => {
    const shown = await opened()
    await shown.find('button').trigger('click')
    let heard = 0
    document.body.addEventListener('keydown', () => (heard += 1), { once: true })
    await shown.find('button').trigger('keydown', { key: 'Escape' })
    expect(heard).toBe(1)
  })

  it('closes when the keyboard goes elsewhere, and stays while it moves inside', async () => {
    const shown = await opened()
    await shown.find('button').trigger('focusout', { relatedTarget: shown.find('input').element })
    expect(shown.find('input').exists()).toBe(true)
    await shown.find('input').trigger('focusout', { relatedTarget: document.body })
    expect(shown.find('input').exists()).toBe(false)
  })

  it('closes by a click beside it', async () => {
    const shown = await opened()
    await shown.find('[aria-hidden=true]').trigger('click')
    expect(shown.find('input').exists()).toBe(false)
  })
})
