import { mount } from '@vue/test-utils'
import { createPinia } from 'pinia'
import { describe, expect, it, vi } from 'vitest'

import FleetRow from '@/views/fleet/FleetRow.vue'

import { agent } from '../../components/agents'

vi.mock('@/live/live', () => ({ useLive: () => ({ now: () => Date.now() }) }))

function row(but: Parameters<typeof agent>[1] = {}, isSelected = false) {
  const props = {
    id: 'a-1',
    agent: agent('a-1', but),
    capabilities: ['gpu'],
    isSelected,
    isMenuOpen: false,
    asked: undefined,
  }
  return mount(FleetRow, { props, global: { plugins: [createPinia()] } })
}

describe('the row of an agent', () => {
  it('shows markup in names as the text that it is', () => {
    const shown = row({ name: '<img src=x onerror=alert(1)>', host: '<b>h</b>' })
    expect(shown.find('img').exists()).toBe(false)
    expect(shown.find('b').exists()).toBe(false)
    expect(shown.text()).toContain('<img src=x onerror=alert(1)>')
  })

  it('says that an agent which is gone is paused, and that a paused one still works', () => {
    expect(row({ status: 'offline', paused: true }).find('.fleet-status').text()).toMatch(/offline\s*paused/)
    expect(row({ status: 'working', paused: true, running: 1 }).find('.fleet-status').text()).toMatch(/still works/)
  })

  it('marks what is only being sent', async () => {
    const shown = row()
    await shown.setProps({ asked: 'pause' })
    expect(shown.find('.fleet-status').text()).toMatch(/paused\s*pausing…/)
  })

  it('keeps its box as the selection is, whatever a click did to it', async () => {
    const shown = row({}, true)
    const box = shown.find<HTMLInputElement>('input').element
    box.click()
    await Promise.resolve()
    await Promise.resolve()
    expect(shown.emitted('toggle')).toHaveLength(1)
    expect(box.checked).toBe(true)
  })
})
