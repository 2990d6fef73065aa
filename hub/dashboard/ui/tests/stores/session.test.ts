import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'

import { get } from '@/api/client'
import { onOtherLogin, takeCode, useSession } from '@/stores/session'

const session = (role: string) => ({ id: 's', principal: 'ops', role, org: 'main', csrf: 'word' })
const hub = { answers: [] as [number, unknown][], asked: [] as [string, RequestInit][] }
const refused = (code: string): [number, unknown] => [401, { error: { code, message: code }, request_id: 'r' }]

beforeEach(() => {
  localStorage.clear()
  setActivePinia(createPinia())
  hub.answers = []
  hub.asked = []
  vi.stubGlobal('fetch', async (path: string, request: RequestInit) => {
    hub.asked.push([path, request])
    const [status, body] = hub.answers.shift()!
    return new Response(status === 204 ? null : JSON.stringify(body), { status })
  })
})

describe('the session', () => {
  it.each([
    ['viewer', false, false],
    ['operator', true, false],
    ['admin', true, true],
  ])('of a %s may operate: %s, administer: %s', async (role, operate, administer) => {
    hub.answers = [[201, session(role)]]
    const store = useSession()
    await store.login({ token: 'secret' })
    expect([store.can('operate'), store.can('administer')]).toEqual([operate, administer])
  })

  it('keeps the token nowhere', async () => {
    hub.answers = [[201, session('admin')]]
    const store = useSession()
    await store.login({ token: 'very-secret' })
    expect(JSON.stringify({ ...localStorage })).not.toContain('very-secret')
    expect(JSON.stringify(store.$state)).not.toContain('very-secret')
  })

  it('says its CSRF word with what changes something', async () => {
    hub.answers = [[201, session('admin')], [204, null]]
    const store = useSession()
    await store.login({ token: 't' })
    await store.logout()
    expect((hub.asked[1]![1].headers as Headers).get('X-Corral-CSRF')).toBe('word')
    expect(store.me).toBeNull()
  })

  it('is not asked for by a browser that never had one', async () => {
    const store = useSession()
    await store.arrive()
    expect(hub.asked).toEqual([])
    expect(store.known).toBe(true)
  })

  it('is found again when the page is loaded anew', async () => {
    hub.answers = [[201, session('admin')], [200, session('admin')]]
    await useSession().login({ token: 't' })
    setActivePinia(createPinia())
    const store = useSession()
    await store.arrive()
    expect(store.me).toMatchObject({ principal: 'ops' })
  })

  it('that is over leaves the person on the page until they log in again', async () => {
    hub.answers = [[201, session('admin')], refused('session_expired'), [201, session('admin')]]
    const store = useSession()
    await store.login({ token: 't' })
    await get('/api/v1/tasks').catch(() => undefined)
    expect(store.expired).toBe(true)
    expect(store.me).not.toBeNull()
    await store.login({ token: 't' })
    expect(store.expired).toBe(false)
  })

  it('that never was shows the door, without a fault', async () => {
    localStorage.setItem('corral.session', 'open')
    hub.answers = [refused('invalid_session')]
    const store = useSession()
    await store.arrive()
    expect([store.me, store.known, store.expired]).toEqual([null, true, false])
  })
})

describe('a login in another tab', () => {
  it('is heard of, a logout is not', () => {
    const heard = vi.fn()
    const stop = onOtherLogin(heard)
    const said = (key: string, newValue: string | null) => window.dispatchEvent(new StorageEvent('storage', { key, newValue }))
    said('corral.session', '1')
    said('corral.session', null)
    said('corral.settings', '{}')
    stop()
    said('corral.session', '2')
    expect(heard).toHaveBeenCalledOnce()
  })
})

describe('a session that another tab replaced', () => {
  it('goes on with the new one, also when the login was heard of first', async () => {
    hub.answers = [[201, session('admin')], [200, session('admin')]]
    const store = useSession()
    await store.login({ token: 'secret' })
    window.dispatchEvent(new StorageEvent('storage', { key: 'corral.session', newValue: '5' }))
    store.end()
    await vi.waitFor(() => expect(store.expired).toBe(false))
    expect(hub.asked).toHaveLength(2)
  })

  it('waits for a login when there was none', async () => {
    hub.answers = [[201, session('admin')]]
    const store = useSession()
    await store.login({ token: 'secret' })
    store.end()
    expect(store.expired).toBe(true)
    expect(hub.asked).toHaveLength(1)
  })
})

describe('the one-time code', () => {
  it('leaves the address at once', () => {
    history.replaceState(null, '', '/dashboard?x=1#code=abc')
    expect(takeCode()).toBe('abc')
    expect(location.hash).toBe('')
    expect(location.search).toBe('?x=1')
    expect(takeCode()).toBeNull()
  })

  it('is not confused with another mark', () => {
    history.replaceState(null, '', '/dashboard/tasks/t#L1201')
    expect(takeCode()).toBeNull()
    expect(location.hash).toBe('#L1201')
  })
})
