/** Who is logged in, and what they may do. The token itself is never kept anywhere. */
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'

import { ApiError, del, get, lendAccess, post } from '@/api/client'
import type { Session } from '@/api/types'

export type Ability = 'operate' | 'administer'
export type Credential = { token: string } | { code: string }

const ABLE: Record<Ability, readonly string[]> = {
  operate: ['operator', 'admin'],
  administer: ['admin'],
}

const ROLES: Record<Ability, string> = { operate: 'operator', administer: 'admin' }

export const useSession = defineStore('session', () => {
  const me = ref<Session | null>(null)
  /** False until the hub has said whether there is a session. */
  const known = ref(false)
  /** The session ended under the page: what is on the screen stays, and waits for a new login. */
  const expired = ref(false)
  /** Another tab has logged in since this one did. */
  let hasOther = false
  const role = computed(() => me.value?.role ?? null)
  /** The same as long as the same person is logged in. */
  const person = computed(() => me.value && `${me.value.org}/${me.value.principal}`)

  function can(ability: Ability): boolean {
    return role.value !== null && ABLE[ability].includes(role.value)
  }

  /** Asks the hub whether the browser's cookie is still good. */
  async function refresh(): Promise<void> {
    try {
      enter(await get<Session>('/api/v1/session'))
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 401)) throw error
      remember(false)
    } finally {
      known.value = true
    }
  }

  /** The same when the page is opened; a browser that never logged in need not ask. */
  async function arrive(): Promise<void> {
    if (mayHaveCookie()) await refresh()
    else known.value = true
  }

  async function login(credential: Credential): Promise<void> {
    enter(await post<Session>('/api/v1/session', credential))
    known.value = true
  }

  async function logout(): Promise<void> {
    await del('/api/v1/session')
    remember(false)
    me.value = null
    expired.value = false
  }

  function enter(session: Session): void {
    hasOther = false
    me.value = session
    expired.value = false
    remember(true)
  }

  /** Called when the hub no longer knows the session. */
  function end(): void {
    if (me.value === null) return
    expired.value = true
    // A login of another tab ends this one's session, and is as good for this tab.
    if (hasOther) refresh().catch((error: unknown) => console.info('the new session cannot be asked for', error))
  }

  onOtherLogin(() => (hasOther = true))
  lendAccess({ csrf: () => me.value?.csrf ?? null, ended: end })
  return { me, role, person, known, expired, can, arrive, refresh, login, logout, end }
})

/**
 * Why the person may not, in a sentence for a disabled button; null when they may. The hub decides
 * in any case: this only says it beforehand.
 */
export function whyNot(ability: Ability): string | null {
  const session = useSession()
  if (session.can(ability)) return null
  return `This needs the role ${ROLES[ability]}; you are logged in as ${session.role ?? 'nobody'}.`
}

/**
 * Whether this browser may hold a session. Scripts cannot see the cookie, and asking without one
 * is refused, which browsers write into their console as a fault.
 */
const KEY = 'corral.session'

/** Calls back when another tab of this browser has logged in. */
export function onOtherLogin(call: () => void): () => void {
  const listener = (event: StorageEvent) => {
    if (event.key === KEY && event.newValue !== null) call()
  }
  window.addEventListener('storage', listener)
  return () => window.removeEventListener('storage', listener)
}

function mayHaveCookie(): boolean {
  try {
    return localStorage.getItem(KEY) !== null
  } catch {
    // Where nothing can be kept, asking is the only way.
    return true
  }
}

function remember(isIn: boolean): void {
  try {
    // Another value each time, so that other tabs hear of it.
    if (isIn) localStorage.setItem(KEY, String(Date.now()))
    else localStorage.removeItem(KEY)
  } catch (error) {
    console.info('the session is not remembered here', error)
  }
}

/** Takes the one-time code out of the address, so that neither history nor a copied link has it. */
export function takeCode(): string | null {
  const code = new URLSearchParams(location.hash.slice(1)).get('code')
  if (code !== null) history.replaceState(history.state, '', location.pathname + location.search)
  return code
}
