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

  it.each([
    ['of other types', '{"theme":7,"density":[],"utc":"yes","shortcuts":1,"navIsNarrow":{},"views":"all"}'],
    ['with names that every object has', '{"theme":"constructor","density":"constructor","views":{"__proto__":{"fleet":[]},"fleet":"constructor"}}'],
    ['in a list', '[{"theme":"light"}]'],
    ['with names of the store', '{"$id":"x","saveView":1,"rowHeight":"high","__proto__":{"theme":"light"}}'],
  ])('are the usual ones when those that were kept are %s', async (_how, kept) => {
    localStorage.setItem('corral.settings', kept)
    const settings = useSettings()
    expect([settings.theme, settings.density, settings.rowHeight]).toEqual(['system', 'normal', 32])
    expect([settings.utc, settings.shortcuts, settings.navIsNarrow]).toEqual([false, true, false])
    expect(['light', 'dark']).toContain(document.documentElement.dataset.theme)
    settings.saveView('fleet', { name: 'gpu', query: 'a' })
    await nextTick()
    expect(settings.views.fleet).toEqual([{ name: 'gpu', query: 'a' }])
    expect(Object.keys(JSON.parse(localStorage.getItem('corral.settings')!))).not.toContain('$id')
  })

  it('keep the good views beside those that are broken', () => {
    const good = { name: 'gpu', query: 'q=cap:gpu' }
    localStorage.setItem('corral.settings', JSON.stringify({ theme: 'light', views: { fleet: [null, 'x', { name: 7, query: '' }, { name: 'n' }, good] } }))
    const settings = useSettings()
    expect(settings.views.fleet).toEqual([good])
    expect(settings.theme).toBe('light')
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
