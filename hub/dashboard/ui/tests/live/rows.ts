import type { AgentRow, Snapshot } from '@/api/types'

/** Rows and snapshots as the hub sends them. */
export const row = (id: string, status = 'idle', running = 0): AgentRow => [id, id, status, 4, running, false, false, true, 'host', null, 0, {}]
export const snapshot = (seq: number, agents: AgentRow[], epoch = 'e1'): Snapshot =>
  ({ epoch, seq, at: Date.now(), version: '1', build: null, search: true, counters: { readers: 1 }, offers: [['gpu']], agents }) as unknown as Snapshot
