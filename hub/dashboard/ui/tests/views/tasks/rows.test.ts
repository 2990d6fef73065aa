import { describe, expect, it } from 'vitest'

import type { LiveTask, TaskView } from '@/api/types'
import { partsOf } from '@/views/tasks/marks'
import { moveOf, movesOf } from '@/views/tasks/moves'
import { changed, rowOf, timeOf, type Row } from '@/views/tasks/rows'
import { useSelection } from '@/views/tasks/selection'
import { groupsOf } from '@/views/tasks/useExplanation'

const row = (changes: Partial<Row> = {}): Row => ({
  ...rowOf({ id: 't', state: 'queued', description: 'Build', priority: 'medium', submitted_by: 'ada', created_at: 1_000, queued_at: 1_000, version: 1, attempt: 0, max_attempts: 3 } as unknown as TaskView),
  ...changes,
})
const change = (changes: Partial<LiveTask>): LiveTask => ({ id: 't', state: 'running', version: 2, attempt: 1, agent: 'a', percent: null, at: 2_000, ...changes })

describe('a row', () => {
  it('knows one word for each priority', () => {
    expect(row().priority).toBe('normal')
  })

  it('follows what is told live', () => {
    expect(changed(row(), change({}))).toMatchObject({ state: 'running', agent: 'a', attempt: 1, startedAt: 2_000 })
    expect(changed(row({ state: 'running', version: 2 }), change({ state: 'completed', version: 3, at: 5_000 }))).toMatchObject({ state: 'completed', finishedAt: 5_000 })
  })

  it('does not go back to what is older', () => {
    const now = row({ version: 5, state: 'completed' })
    expect(changed(now, change({ version: 4 }))).toBe(now)
  })

  it('tells how long it waits, runs, or ran', () => {
    expect(timeOf(row(), 4_000)).toEqual({ word: 'waits', ms: 3_000 })
    expect(timeOf(row({ state: 'running', startedAt: 2_000 }), 4_000)).toEqual({ word: 'runs', ms: 2_000 })
    expect(timeOf(row({ state: 'completed', startedAt: 2_000, finishedAt: 2_500 }), 9_000)).toEqual({ word: 'ran', ms: 500 })
    expect(timeOf(row({ state: 'cancelled' }), 9_000)).toBeNull()
  })
})

describe('cards', () => {
  it('go only where their state allows', () => {
    expect(moveOf(row({ state: 'dead_letter' }), 'queued')?.kind).toBe('retry')
    expect(moveOf(row({ state: 'running' }), 'cancelled')?.kind).toBe('cancel')
    expect(moveOf(row({ state: 'running' }), 'queued')).toBeNull()
    expect(moveOf(row({ state: 'completed' }), 'cancelled')).toBeNull()
    expect(movesOf(row({ state: 'completed' }))).toEqual([])
    expect(movesOf(row()).map((move) => move.kind)).toEqual(['priority', 'priority', 'priority', 'cancel'])
  })
})

describe('what is selected', () => {
  it('is toggled and extended, and forgets "all" when one is touched', () => {
    const chosen = useSelection((place) => `t${place}`)
    chosen.toggle(2)
    chosen.extend(4)
    expect([...chosen.ids.value]).toEqual(['t2', 't3', 't4'])
    chosen.toggle(3)
    expect(chosen.has('t3')).toBe(false)
    chosen.chooseAll()
    expect(chosen.has('t99')).toBe(true)
    chosen.toggle(9)
    expect(chosen.isAll.value).toBe(false)
    chosen.clear()
    expect(chosen.ids.value.size).toBe(0)
  })
})

describe('a snippet', () => {
  it('is marked by characters, not by their halves', () => {
    expect(partsOf('😀 gpu now', [[2, 5]])).toEqual([
      { text: '😀 ', isMarked: false },
      { text: 'gpu', isMarked: true },
      { text: ' now', isMarked: false },
    ])
  })
})

describe('why it waits', () => {
  it('puts agents together that lack the same, the closest first', () => {
    const lack = (agent_id: string, ...said: string[]) => ({ agent_id, reasons: said.map((message) => ({ code: 'missing_capability', message })) })
    const groups = groupsOf([lack('c'), lack('a', 'no gpu'), lack('d', 'no rust'), lack('e', 'no gpu'), lack('b', 'no gpu', 'offline')])
    expect(groups.map((group) => group.agents)).toEqual([['c'], ['a', 'e'], ['d'], ['b']])
  })
})
