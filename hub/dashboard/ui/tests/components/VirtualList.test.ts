import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { h, nextTick } from 'vue'

import VirtualList from '@/components/VirtualList.vue'

import { flaws, show } from './page'

const cell = ({ index }: { index: number }) => h('span', { role: 'gridcell' }, `row ${index}`)
const head = () => h('span', { role: 'columnheader' }, 'Name')

beforeEach(() => {
  vi.stubGlobal('ResizeObserver', class { observe() {} disconnect() {} })
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(320)
})
afterEach(() => {
  document.body.innerHTML = ''
  vi.unstubAllGlobals()
})
async function list(props: object = {}) {
  const shown = show(VirtualList, { count: 1_000_000, rowHeight: 32, label: 'Tasks', ...props }, { row: cell, head })
  await nextTick()
  return shown
}
const press = async (shown: Awaited<ReturnType<typeof list>>, key: string) => {
  await shown.find('[role=grid]').trigger('keydown', { key })
  await nextTick()
}

describe('a virtual list', () => {
  it('has few rows, and says how many there are', async () => {
    const shown = await list()
    expect(shown.findAll('.virtual-row').length).toBeLessThan(50)
    expect(shown.find('[role=grid]').attributes('aria-rowcount')).toBe('1000001')
    expect(await flaws()).toEqual([])
  })

  it('goes to its last row and back by keyboard', async () => {
    const shown = await list()
    await press(shown, 'End')
    expect(shown.emitted('update:active')!.at(-1)).toEqual([999_999])
    expect(shown.text()).toContain('row 999999')
    await press(shown, 'Home')
    expect(shown.text()).toContain('row 0')
  })

  it('names the row that keys are on only while it is in the page', async () => {
    const shown = await list({ active: 3, count: 1_000 })
    expect(shown.find('[role=grid]').attributes('aria-activedescendant')).toMatch(/-3$/)
    const scroller = shown.find('[role=grid]').element as HTMLElement
    scroller.scrollTop = 20_000
    await shown.find('[role=grid]').trigger('scroll')
    expect(shown.find('[role=grid]').attributes('aria-activedescendant')).toBeUndefined()
  })

  it('enters a row', async () => {
    const shown = await list({ active: 5 })
    await press(shown, 'Enter')
    expect(shown.emitted('enter')).toEqual([[5]])
  })

  it('tells which rows have to be fetched', async () => {
    const shown = await list()
    expect(shown.emitted('range')!.at(-1)).toEqual([{ first: 0, end: 16, offset: 0 }])
  })

  it('leaves keys alone that were pressed on a button inside', async () => {
    const shown = show(VirtualList, { count: 5, rowHeight: 32, label: 'x' }, { row: () => h('button', { role: 'gridcell', class: 'inner' }, 'b') })
    await nextTick()
    await shown.find('.inner').trigger('keydown', { key: 'Enter' })
    expect(shown.emitted('enter')).toBeUndefined()
  })

  it('shows why it is empty', async () => {
    for (const slots of [{ row: cell, empty: () => h('h2', 'Nothing yet') }, { row: cell, head, empty: () => h('h2', 'Nothing yet') }]) {
      const shown = show(VirtualList, { count: 0, rowHeight: 32, label: 'Tasks' }, slots)
      await nextTick()
      expect(shown.text()).toContain('Nothing yet')
      expect(await flaws()).toEqual([])
    }
  })
})
