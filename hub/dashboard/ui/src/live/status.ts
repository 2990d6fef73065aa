/** What the page honestly says about how fresh it is. */

export type LiveStatus = 'loading' | 'live' | 'behind' | 'reconnecting' | 'refused' | 'offline'

export interface Situation {
  /** The socket is open and has greeted. */
  isOpen: boolean
  /** There has been a picture at all. */
  hasPicture: boolean
  /** Nothing is missing in it: it does not wait for a snapshot. */
  isWhole: boolean
  /** The browser says that there is a network. */
  isOnline: boolean
  /** The hub was reached, and said that this page may not follow now. */
  isRefused: boolean
  /** Attempts that have failed since the socket was last open. */
  failures: number
  /** How old what comes is, or what is shown for want of a snapshot. */
  lagMs: number
  /** How long nothing was heard. */
  silentMs: number
  /** How often the hub says something at least. */
  beatMs: number
}

/** Slower than this is behind. */
export const BEHIND_MS = 2_000
/** So many failed attempts, and it is not a hiccup any more. */
const OFFLINE_FAILURES = 4

export function statusOf(now: Situation): LiveStatus {
  if (now.isOpen && now.hasPicture) {
    const isBehind = !now.isWhole || now.lagMs > BEHIND_MS || now.silentMs > now.beatMs * 1.5
    return isBehind ? 'behind' : 'live'
  }
  if (now.isOnline && now.isRefused) return 'refused'
  if (!now.isOnline || now.failures >= OFFLINE_FAILURES) return 'offline'
  return now.hasPicture ? 'reconnecting' : 'loading'
}
