import { flushPromises } from '@vue/test-utils'
import { expect, it, vi } from 'vitest'

import { usePalette } from '@/components/shell/usePalette'

const line = vi.hoisted(() => {
  let come = () => {}
  return { there: new Promise<void>((resolve) => (come = resolve)), come: () => come() }
})
vi.mock('@/components/shell/CommandPalette.vue', async () => {
  await line.there
  return { default: {} }
})
const press = (key: string) => document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }))

it('comes once however often it is asked for, and not to somebody who has turned away', async () => {
  const { palette, isOpen, isComing, begun, open } = usePalette()
  void open()
  void open()
  expect(isComing.value).toBe(true)
  press('g')
  press('Escape')
  await flushPromises()
  expect([isComing.value, isOpen.value]).toEqual([false, false])

  void open()
  press('h')
  line.come()
  await vi.waitUntil(() => isOpen.value)
  expect(begun.value).toBe('h')
  expect(palette.value).toBeDefined()

  isOpen.value = false
  await open()
  expect([isOpen.value, begun.value]).toEqual([true, ''])
})
