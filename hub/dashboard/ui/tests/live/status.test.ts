import { expect, it } from 'vitest'

import { statusOf, type Situation } from '@/live/status'

const well: Situation = { isOpen: true, hasPicture: true, isWhole: true, isOnline: true, isRefused: false, failures: 0, lagMs: 20, silentMs: 300, beatMs: 10_000 }

it.each<[string, Partial<Situation>, string]>([
  ['all is well', {}, 'live'],
  ['what comes is old', { lagMs: 3_000 }, 'behind'],
  ['nothing comes', { silentMs: 16_000 }, 'behind'],
  ['a snapshot is awaited', { isWhole: false }, 'behind'],
  ['a beat is merely due', { silentMs: 10_500 }, 'live'],
  ['it has just begun', { isOpen: false, hasPicture: false }, 'loading'],
  ['the socket is open but there is no picture yet', { hasPicture: false }, 'loading'],
  ['the first snapshot is awaited', { hasPicture: false, isWhole: false }, 'loading'],
  ['the socket was lost', { isOpen: false, failures: 1 }, 'reconnecting'],
  ['it has tried for long', { isOpen: false, failures: 4 }, 'offline'],
  ['the hub has turned it away', { isOpen: false, hasPicture: false, isRefused: true, failures: 9 }, 'refused'],
  ['it was turned away, and then the network was gone', { isOpen: false, isOnline: false, isRefused: true }, 'offline'],
  ['the browser has no network', { isOpen: false, isOnline: false }, 'offline'],
])('when %s', (_when, what, status) => {
  expect(statusOf({ ...well, ...what })).toBe(status)
})
