import { afterEach, describe, expect, it, vi } from 'vitest'

import { noteAct } from '@/api/acts'
import { ApiError, del, get, lendAccess, patch, post, withQuery } from '@/api/client'

const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(body === undefined ? null : JSON.stringify(body), { status, headers })

function hubAnswers(...answers: (Response | Error)[]) {
  const asked = vi.fn(async (_path: string, _request: RequestInit) => {
    const answer = answers.shift()!
    if (answer instanceof Error) throw answer
    return answer
  })
  vi.stubGlobal('fetch', asked)
  return asked
}
const headersOf = (asked: ReturnType<typeof hubAnswers>) => asked.mock.calls[0]![1].headers as Headers

afterEach(() => {
  vi.unstubAllGlobals()
  lendAccess({ csrf: () => null, ended: () => undefined })
})

describe('a request', () => {
  it('leaves out what is empty in its query and repeats lists', () => {
    expect(withQuery('/api/v1/tasks', { state: ['queued', 'running'], agent: undefined, text: '', limit: 0 })).toBe(
      '/api/v1/tasks?state=queued&state=running&limit=0',
    )
  })

  it('that reads carries neither CSRF word nor key', async () => {
    lendAccess({ csrf: () => 'word', ended: () => undefined })
    const asked = hubAnswers(json(200, { ok: 1 }))
    expect(await get('/api/v1/me')).toEqual({ ok: 1 })
    expect(headersOf(asked).has('X-Corral-CSRF')).toBe(false)
    expect(headersOf(asked).has('Idempotency-Key')).toBe(false)
  })

  it('counts as use of the session once after each act, and only when it arrives', async () => {
    noteAct()
    const away = new TypeError('away')
    const asked = hubAnswers(away, json(200, {}), json(200, {}), json(200, {}), json(200, {}), json(200, {}))
    await expect(get('/api/v1/me')).rejects.toThrow()
    for (const path of ['/ready', '/api/v1/me', '/api/v1/me']) await get(path)
    noteAct()
    for (const path of ['/api/v1/me', '/api/v1/me']) await get(path)
    const polls = asked.mock.calls.map(([, request]) => (request.headers as Headers).get('Corral-Poll'))
    expect(polls).toEqual([null, null, null, '1', null, '1'])
  })

  it('that creates carries the CSRF word and a key of its own', async () => {
    lendAccess({ csrf: () => 'word', ended: () => undefined })
    const asked = hubAnswers(json(201, {}), json(201, {}))
    await post('/api/v1/tasks', { description: 'x' })
    await post('/api/v1/tasks', { description: 'x' })
    const keys = asked.mock.calls.map(([, request]) => (request.headers as Headers).get('Idempotency-Key'))
    expect(headersOf(asked).get('X-Corral-CSRF')).toBe('word')
    expect(keys[0]).toBeTruthy()
    expect(keys[0]).not.toBe(keys[1])
  })

  it('repeats a key that it was given', async () => {
    const asked = hubAnswers(json(201, {}))
    await post('/api/v1/tasks', {}, { idempotencyKey: 'mine' })
    expect(headersOf(asked).get('Idempotency-Key')).toBe('mine')
  })

  it('demands the version that was read', async () => {
    const asked = hubAnswers(json(200, {}))
    await patch('/api/v1/agents/a', { note: 'x' }, { version: 7 })
    expect(headersOf(asked).get('If-Match')).toBe('"7"')
  })

  it('that deletes gives back nothing', async () => {
    hubAnswers(json(204, undefined))
    expect(await del('/api/v1/session')).toBeUndefined()
  })
})

describe('a refusal', () => {
  it('keeps all that the hub said', async () => {
    const details = [{ path: '$.needs', message: 'too many' }]
    hubAnswers(json(422, { error: { code: 'validation_failed', message: 'no', details }, request_id: 'req-1' }))
    const error = await get('/x').catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ status: 422, code: 'validation_failed', message: 'no', details, requestId: 'req-1' })
  })

  it('without a body that can be read still is one', async () => {
    hubAnswers(new Response('<h1>Bad gateway</h1>', { status: 502, headers: { 'Retry-After': '3' } }))
    await expect(get('/x')).rejects.toMatchObject({ status: 502, code: 'unreadable_answer', retryAfterMs: 3000 })
  })

  it('says when the hub cannot be reached', async () => {
    hubAnswers(new TypeError('failed'))
    await expect(get('/x')).rejects.toMatchObject({ status: 0, code: 'unreachable' })
  })

  it.each(['session_expired', 'invalid_session'])('%s tells the keeper of the session', async (code) => {
    const ended = vi.fn()
    lendAccess({ csrf: () => null, ended })
    hubAnswers(json(401, { error: { code, message: 'over' }, request_id: 'r' }))
    await get('/x').catch(() => undefined)
    expect(ended).toHaveBeenCalledOnce()
  })

  it('of a wrong login tells nobody that a session ended', async () => {
    const ended = vi.fn()
    lendAccess({ csrf: () => null, ended })
    hubAnswers(json(401, { error: { code: 'invalid_code', message: 'used up' }, request_id: 'r' }))
    await post('/api/v1/session', { code: 'x' }).catch(() => undefined)
    expect(ended).not.toHaveBeenCalled()
  })

  it('says so too when the answer breaks off, or does not come in time', async () => {
    const body = new ReadableStream({ start: (stream) => stream.error(new TypeError('lost')) })
    hubAnswers(new Response(body))
    await expect(get('/x')).rejects.toMatchObject({ status: 0, code: 'unreachable' })
    const hangs = (_path: string, { signal }: RequestInit) =>
      new Promise((_, refuse) => signal!.addEventListener('abort', () => refuse(signal!.reason)))
    vi.stubGlobal('fetch', hangs)
    await expect(get('/x', {}, undefined, 5)).rejects.toMatchObject({ status: 0, code: 'unreachable' })
    await expect(get('/x', {}, new AbortController().signal, 5)).rejects.toMatchObject({ status: 0 })
    const left = new AbortController()
    const asked = get('/x', {}, left.signal, 10_000)
    left.abort()
    await expect(asked).rejects.toHaveProperty('name', 'AbortError')
  })

  it('lets an abort through as what it is', async () => {
    const controller = new AbortController()
    controller.abort()
    hubAnswers(new DOMException('gone', 'AbortError'))
    await expect(get('/x', {}, controller.signal)).rejects.toHaveProperty('name', 'AbortError')
  })
})
