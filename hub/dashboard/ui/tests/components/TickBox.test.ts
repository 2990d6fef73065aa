import { afterEach, expect, it } from 'vitest'
import { nextTick } from 'vue'

import TickBox from '@/components/TickBox.vue'

import { flaws, show } from './page'

afterEach(() => document.body.replaceChildren())

it.each([true, false])('is as the selection says (%s), whatever a click did to it', async (ticked) => {
  const box = show(TickBox, { ticked, label: 'Select a-1' })
  box.element.click()
  await nextTick()
  expect(box.emitted('toggle')).toHaveLength(1)
  expect(box.element.checked).toBe(ticked)
  expect(await flaws()).toEqual([])
})

it('shows that some are selected', () => {
  expect(show(TickBox, { ticked: false, mixed: true, label: 'Select all' }).element.indeterminate).toBe(true)
})
