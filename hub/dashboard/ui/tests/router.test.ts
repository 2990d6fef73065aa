import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it } from 'vitest'

import { makeRouter } from '@/router'
import { takeCode } from '@/stores/session'

beforeEach(() => setActivePinia(createPinia()))

async function open(address: string) {
  history.replaceState(null, '', `${import.meta.env.BASE_URL}${address}`)
  const code = takeCode()
  const router = makeRouter()
  await router.push(location.pathname.slice(import.meta.env.BASE_URL.length - 1) + location.search + location.hash)
  return { code, router }
}

describe('an address', () => {
  it('loses its one-time code before anybody can copy it', async () => {
    const { code, router } = await open('#code=secret')
    expect(code).toBe('secret')
    expect(router.currentRoute.value.fullPath).toBe('/overview')
    expect(location.href + JSON.stringify(history.state)).not.toContain('secret')
  })

  it.each([
    ['fleet/agent-7', 'agent', 'agent-7'],
    ['tasks/new', 'new-task', undefined],
    ['tasks/task-01', 'task', 'task-01'],
    ['admin', 'admin', undefined],
    ['missions/m-1', undefined, undefined],
    ['nonsense/deep', 'missing', undefined],
  ])('%s leads to its screen', (address, name, id) => {
    const route = makeRouter().resolve(`/${address}`)
    expect(route.name).toBe(name)
    expect(route.params.id).toBe(id)
  })
})
