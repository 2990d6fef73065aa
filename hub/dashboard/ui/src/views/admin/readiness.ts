/** Whether the hub takes work. It answers 503 when it does not, which is an answer and no failure. */
import type { Ready } from '@/api/types'

const NOT_READY = 503

export async function readReady(signal: AbortSignal): Promise<Ready> {
  const response = await fetch('/ready', { signal, cache: 'no-store', headers: { Accept: 'application/json' } })
  if (!response.ok && response.status !== NOT_READY) throw new Error(`The hub answered ${response.status}.`)
  return (await response.json()) as Ready
}
