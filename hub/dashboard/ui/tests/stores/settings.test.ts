import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'

import { useSettings } from '@/stores/settings'

beforeEach(() => {
  localStorage.clear()
  setActivePinia(createPinia())
})

describe('settings', () => {
  it('are kept for the next visit', async () => {
    const settings = useSettings()
    settings.theme = 'light'
    settings.density = 'compact'
    settings.saveView('tasks', { name: 'failed', query: 'q=state:dead_letter' })
    await nextTick()
    setActivePinia(createPinia())
    const again = useSettings()
    expect([again.theme, again.rowHeight]).toEqual(['light', 26])
    expect(again.views.tasks).toEqual([{ name: 'failed', query: 'q=state:dead_letter' }])
  })

  it('set the theme of the page', async () => {
    const settings = useSettings()
    settings.theme = 'light'
    await nextTick()
    expect(document.documentElement.dataset.theme).toBe('light')
    settings.theme = 'dark'
    await nextTick()
    expect(document.documentElement.dataset.theme).toBe('dark')
  })

  it.each(['{nonsense', 'null', '7'])('survive what they cannot read: %s', (kept) => {
    vi.spyOn(console, 'info').mockImplementation(() => undefined)
    localStorage.setItem('corral.settings', kept)
    expect(useSettings().theme).toBe('system')
  })

  it('survive a browser that keeps nothing', async () => {
    const said = vi.spyOn(console, 'info').mockImplementation(() => undefined)
    const refuse = () => {
      throw new DOMException('not here', 'SecurityError')
    }
    vi.stubGlobal('localStorage', { getItem: refuse, setItem: refuse })
    const settings = useSettings()
    settings.utc = true
    await nextTick()
    expect(settings.utc).toBe(true)
    expect(said).toHaveBeenCalled()
    vi.unstubAllGlobals()
  })

  it('replace a saved view of the same name, and remove it', () => {
    const settings = useSettings()
    settings.saveView('fleet', { name: 'gpu', query: 'a' })
    settings.saveView('fleet', { name: 'gpu', query: 'b' })
    expect(settings.views.fleet).toEqual([{ name: 'gpu', query: 'b' }])
    settings.removeView('fleet', 'gpu')
    expect(settings.views.fleet).toEqual([])
  })
})
