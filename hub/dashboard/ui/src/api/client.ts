/**
 * The one way to the hub's HTTP. Paths are the full ones of `hub/transport/routes.py`.
 *
 * Nothing of sessions is decided here: who keeps the session tells this file its CSRF word and
 * is told when the hub says that the session is over.
 */

import { actsSoFar, isTold, tellActs } from './acts'

/** One thing wrong with a body: where, and what. */
export interface Flaw {
  path: string
  message: string
}

/** What the hub refused, or why it could not be reached (`status` 0, code `unreachable`). */
export class ApiError extends Error {
  override readonly name = 'ApiError'

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: Flaw[] = [],
    readonly requestId: string | null = null,
    readonly retryAfterMs: number | null = null,
  ) {
    super(message)
  }
}

export type QueryValue = string | number | boolean | null | undefined
export type Query = Record<string, QueryValue | readonly QueryValue[]>

export interface Options {
  signal?: AbortSignal
  /** When no answer was read in so long, the hub counts as unreachable. */
  timeoutMs?: number
  /** The version of what is changed, as it was read: the hub refuses when it is not that any more. */
  version?: number
  /** Makes a repeated request count once; without it each POST gets a new one. */
  idempotencyKey?: string
  query?: Query
}

/** What the keeper of the session lends to requests. */
export interface Access {
  csrf: () => string | null
  ended: (error: ApiError) => void
}

/** The codes of a 401 that say: log in (again). */
const LOGGED_OUT = new Set(['session_expired', 'invalid_session', 'invalid_token'])

let access: Access = { csrf: () => null, ended: () => undefined }

export function lendAccess(lent: Access): void {
  access = lent
}

export function get<T>(path: string, query?: Query, signal?: AbortSignal, timeoutMs?: number): Promise<T> {
  return ask<T>('GET', path, undefined, { query, signal, timeoutMs })
}

export function post<T>(path: string, body?: unknown, options: Options = {}): Promise<T> {
  return ask<T>('POST', path, body, { idempotencyKey: crypto.randomUUID?.() ?? randomKey(), ...options })
}

export function patch<T>(path: string, body: unknown, options: Options = {}): Promise<T> {
  return ask<T>('PATCH', path, body, options)
}

export function put<T>(path: string, body: unknown, options: Options = {}): Promise<T> {
  return ask<T>('PUT', path, body, options)
}

export function del(path: string, options: Options = {}): Promise<void> {
  return ask<void>('DELETE', path, undefined, options)
}

/** The path with its query; what is null, undefined or empty is left out. */
export function withQuery(path: string, query: Query = {}): string {
  const words = new URLSearchParams()
  for (const [name, given] of Object.entries(query)) {
    const values = Array.isArray(given) ? (given as readonly QueryValue[]) : [given as QueryValue]
    for (const value of values) if (value !== null && value !== undefined && value !== '') words.append(name, String(value))
  }
  const text = words.toString()
  return text ? `${path}?${text}` : path
}

async function ask<T>(method: string, path: string, body: unknown, options: Options): Promise<T> {
  const request: RequestInit = {
    method,
    headers: headersFor(method, body, options),
    body: body === undefined ? null : JSON.stringify(body),
    credentials: 'same-origin',
    cache: 'no-store',
    signal: signalFor(options),
  }
  const acts = actsSoFar()
  const response = await reach(options.signal, () => fetch(withQuery(path, options.query), request))
  // Nothing else knows of sessions.
  if (path.startsWith('/api/')) tellActs(acts)
  const text = await reach(options.signal, () => response.text())
  if (!response.ok) throw refusal(response, text)
  return (response.status === 204 ? undefined : JSON.parse(text)) as T
}

/** The caller's signal, and the time that the request has. */
function signalFor({ signal, timeoutMs }: Options): AbortSignal | null {
  if (timeoutMs === undefined) return signal ?? null
  const late = AbortSignal.timeout(timeoutMs)
  return signal ? AbortSignal.any([signal, late]) : late
}

/** Says of a connection that failed, also in the middle of an answer, that the hub was not reached. */
async function reach<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (signal?.aborted) throw error
    throw new ApiError(0, 'unreachable', 'The hub cannot be reached.')
  }
}

function headersFor(method: string, body: unknown, options: Options): Headers {
  const headers = new Headers({ Accept: 'application/json' })
  if (body !== undefined) headers.set('Content-Type', 'application/json')
  if (method === 'GET') {
    if (isTold()) headers.set('Corral-Poll', '1')
    return headers
  }
  const csrf = access.csrf()
  if (csrf !== null) headers.set('X-Corral-CSRF', csrf)
  if (options.idempotencyKey !== undefined) headers.set('Idempotency-Key', options.idempotencyKey)
  if (options.version !== undefined) headers.set('If-Match', `"${options.version}"`)
  return headers
}

function refusal(response: Response, text: string): ApiError {
  const body = errorBody(text)
  const problem = body?.error
  const error = new ApiError(
    response.status,
    problem?.code ?? 'unreadable_answer',
    problem?.message ?? `The hub answered ${response.status} without saying why.`,
    problem?.details ?? [],
    body?.request_id ?? response.headers.get('X-Request-Id'),
    retryAfter(response, problem?.retry_after_ms),
  )
  if (error.status === 401 && LOGGED_OUT.has(error.code)) access.ended(error)
  return error
}

interface ErrorText {
  error?: { code?: string; message?: string; details?: Flaw[]; retry_after_ms?: number | null }
  request_id?: string
}

function errorBody(text: string): ErrorText | null {
  try {
    return JSON.parse(text) as ErrorText
  } catch {
    // Something between the page and the hub answered in its own words.
    return null
  }
}

function retryAfter(response: Response, ms: number | null | undefined): number | null {
  if (typeof ms === 'number') return ms
  const seconds = Number(response.headers.get('Retry-After') ?? NaN)
  return Number.isFinite(seconds) ? seconds * 1000 : null
}

/** For pages over plain http from another machine, where `randomUUID` does not exist. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
