import { describe, expect, it } from 'vitest'

import type { TaskView } from '@/api/types'
import { draftOf, durationOf, emptyDraft, specOf, type Draft } from '@/views/tasks/draft'
import { editOf } from '@/views/tasks/editing'

const draft = (changes: Partial<Draft>): Draft => ({ ...emptyDraft(), description: 'Build', ...changes })
const task = (changes: object) => ({ id: 't', description: 'Build', priority: 'normal', max_attempts: 3, ...changes }) as unknown as TaskView

describe('a draft', () => {
  it('means the least task there is', () => {
    expect(specOf(draft({}))).toEqual({ spec: { description: 'Build', max_attempts: 3 }, flaws: {} })
  })

  it('has one argument a line, exact ones in quotes', () => {
    const { spec } = specOf(draft({ kind: 'command', argv: 'grep\n-e\n"two\\nlines "\n\n', env: 'LANG=C' }))
    expect(spec.run).toEqual({ kind: 'command', argv: ['grep', '-e', 'two\nlines '], env: { LANG: 'C' } })
  })

  it('reads JSON, needs, labels and times', () => {
    const { spec } = specOf(draft({ payload: '{"n": 1}', needs: ' gpu, docs ,', labels: 'team=ops\nsite=a=b', timeout: '5 min', not_before: '2026-11-21T10:00' }))
    expect(spec).toMatchObject({ payload: { n: 1 }, needs: ['gpu', 'docs'], labels: { team: 'ops', site: 'a=b' }, timeout_ms: 300_000 })
    expect(spec.not_before).toBe(Date.parse('2026-11-21T10:00'))
  })

  it('says at each field what is wrong', () => {
    const { flaws } = specOf(draft({ description: ' ', payload: '{', metadata: '[1]', labels: 'alone', timeout: 'long', max_attempts: 'x', kind: 'python' }))
    expect(Object.keys(flaws).sort()).toEqual(['description', 'labels', 'max_attempts', 'metadata', 'payload', 'target', 'timeout_ms'])
  })

  it('of a task means the same task', () => {
    const work = {
      run: { kind: 'command', argv: ['sh', '-c', ' two\nlines', ''], env: { A: '"quoted"' } },
      payload: { deep: [1, null, 'x'] },
      needs: ['gpu'],
      labels: { team: 'ops' },
      timeout_ms: 90_000,
      retry: { base_ms: 10, factor: 2, cap_ms: 100 },
      fairness_key: 'tenant',
      priority: 'high',
    }
    expect(specOf(draftOf(task(work))).spec).toEqual({ description: 'Build', max_attempts: 3, ...work })
  })

  it('of a payload that is null keeps it', () => {
    expect(specOf(draftOf(task({ payload: null }))).spec.payload).toBeNull()
  })
})

describe('durations', () => {
  it.each([['90s', 90_000], ['5 min', 300_000], ['2h', 7_200_000], ['30', 30_000], ['250 ms', 250], ['1.5h', 5_400_000], ['soon', null], ['-1s', null]])('%s', (text, ms) => {
    expect(durationOf(text as string)).toBe(ms)
  })
})

describe('an edit', () => {
  it('names only what differs, and clears with null', () => {
    const before = task({ labels: { team: 'ops' }, needs: ['gpu'] })
    const after = { ...draftOf(before), labels: '', needs: 'gpu, docs' }
    expect(editOf(before, specOf(after).spec)).toEqual({ labels: null, needs: ['gpu', 'docs'] })
  })

  it('leaves times alone that nobody typed', () => {
    const before = task({ complete_by: 99 })
    expect(editOf(before, specOf(draftOf(before)).spec)).toEqual({})
  })
})
