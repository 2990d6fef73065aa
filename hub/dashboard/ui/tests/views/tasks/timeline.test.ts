import { describe, expect, it } from 'vitest'

import type { Envelope } from '@/api/types'
import { generationsOf, timelineOf } from '@/views/tasks/timeline'

let seq = 0
const event = (at: number, type: string, payload: object, actor = 'hub') =>
  ({ id: `e${++seq}`, seq, type, source: 'hub', target: 't', timestamp: at / 1000, payload, meta: { actor_id: actor } }) as unknown as Envelope
const created = (at: number, state = 'queued') => event(at, 'task.created', { state })
const assigned = (at: number, agent: string, generation: number) => event(at, 'task.assigned', { agent_id: agent, generation })
const moved = (at: number, from: string, to: string, more: object = {}, actor = 'hub') => event(at, 'task.status.changed', { from, to, ...more }, actor)
const takenBack = (at: number, agent: string, reason: string) => event(at, 'task.unassigned', { agent_id: agent, reason, state: 'queued' })

describe('the timeline of a task', () => {
  it('tells one good attempt', () => {
    const { attempts, end, waitedMs, ranMs } = timelineOf([created(0), assigned(100, 'a', 7), moved(150, 'assigned', 'running'), moved(1_150, 'running', 'completed')], 9_999)
    expect(attempts).toEqual([
      {
        number: 1,
        agent: 'a',
        generation: 7,
        outcome: 'completed',
        why: null,
        stretches: [
          { phase: 'queued', from: 0, to: 100 },
          { phase: 'assigned', from: 100, to: 150 },
          { phase: 'running', from: 150, to: 1_150 },
        ],
      },
    ])
    expect([end, waitedMs, ranMs]).toEqual([1_150, 100, 1_000])
  })

  it('leaves open what goes on', () => {
    const { attempts, end, ranMs } = timelineOf([created(0), assigned(10, 'a', 1), moved(20, 'assigned', 'running')], 520)
    expect(attempts[0]?.stretches.at(-1)).toEqual({ phase: 'running', from: 20, to: null })
    expect([end, ranMs]).toEqual([null, 500])
  })

  it('begins a new attempt after a failure, with the backing off before it', () => {
    const { attempts } = timelineOf(
      [
        created(0),
        assigned(10, 'a', 1),
        moved(20, 'assigned', 'running'),
        moved(30, 'running', 'scheduled', { reason: 'exit code 2' }),
        moved(5_030, 'scheduled', 'queued', { reason: 'due' }),
        assigned(5_040, 'b', 2),
        moved(5_050, 'assigned', 'running'),
        moved(6_000, 'running', 'dead_letter', { failure_class: 'timeout' }),
      ],
      9_999,
    )
    expect(attempts.map(({ number, agent, outcome, why }) => [number, agent, outcome, why])).toEqual([
      [1, 'a', 'failed', 'exit code 2'],
      [2, 'b', 'failed', 'timeout'],
    ])
    expect(attempts[1]?.stretches.map((stretch) => stretch.phase)).toEqual(['scheduled', 'queued', 'assigned', 'running'])
  })

  it.each([
    ['busy: no free slot', 'rejected', false],
    ['session lost', 'taken back', false],
    ['lease ended', 'lost', true],
  ] as const)('calls it what it is when an agent has it no longer: %s', (reason, outcome, begins) => {
    const before = [created(0), assigned(10, 'a', 1), ...(begins ? [moved(20, 'assigned', 'running')] : [])]
    const { attempts } = timelineOf([...before, takenBack(50, 'a', reason)], 60)
    expect(attempts[0]?.outcome).toBe(outcome)
    expect(attempts[1]?.stretches).toEqual([{ phase: 'queued', from: 50, to: null }])
  })

  it('goes on with the same attempt when its agent comes back to it', () => {
    const events = [created(0), assigned(10, 'a', 1), moved(20, 'assigned', 'running'), takenBack(50, 'a', 'lease ended'), moved(70, 'queued', 'running', { reason: 'resumed' }, 'a')]
    const { attempts } = timelineOf(events, 100)
    expect(attempts.map(({ number, agent, generation }) => [number, agent, generation])).toEqual([
      [1, 'a', 1],
      [1, 'a', 1],
    ])
  })

  it('counts attempts anew after a retry by hand, and is open again', () => {
    const events = [created(0), moved(50, 'queued', 'cancelled', { reason: 'mistake' }, 'ada'), moved(90, 'cancelled', 'queued', {}, 'ada'), assigned(95, 'a', 3), moved(99, 'assigned', 'running')]
    const { attempts, end } = timelineOf(events, 100)
    expect(attempts.map(({ number, outcome }) => [number, outcome])).toEqual([
      [null, 'cancelled'],
      [1, null],
    ])
    expect(end).toBeNull()
  })

  it('names the attempts that may have written something, the latest first', () => {
    const timeline = timelineOf([created(0), assigned(10, 'a', 5), takenBack(20, 'a', 'session lost'), assigned(30, 'b', 6)], 40)
    expect(generationsOf(timeline).map((attempt) => attempt.generation)).toEqual([6, 5])
  })
})
