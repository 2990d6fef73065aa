import { afterEach, describe, expect, it, vi } from 'vitest'

import { emptyDraft } from '@/views/tasks/draft'
import { forget, keep, recall } from '@/views/tasks/keepsake'

const draft = { ...emptyDraft(), description: 'Weave' }
const again = { ...emptyDraft(), description: 'Weave again' }

afterEach(() => {
  for (const source of [null, 't-1']) forget('main/ada', source)
})

describe('a draft', () => {
  it('is there for whoever wrote it, and for nobody else', () => {
    keep(draft, 'main/ada', null)
    expect(recall('main/ada', null)).toEqual(draft)
    expect(recall('main/bob', null)).toBeNull()
  })

  it('belongs to what it began with', () => {
    keep(again, 'main/ada', 't-1')
    expect(recall('main/ada', null)).toBeNull()
    keep(draft, 'main/ada', null)
    expect(recall('main/ada', 't-1')).toEqual(again)
    expect(recall('main/ada', 't-2')).toBeNull()
    forget('main/ada', 't-1')
    expect(recall('main/ada', null)).toEqual(draft)
  })

  it('outlives the page, but not the submission', async () => {
    keep(draft, 'main/ada', 't-1')
    vi.resetModules()
    const fresh = await import('@/views/tasks/keepsake')
    expect(fresh.recall('main/ada', 't-1')).toEqual(draft)
    fresh.forget('main/ada', 't-1')
    expect(fresh.recall('main/ada', 't-1')).toBeNull()
  })

  it('is nothing that something else wrote', async () => {
    for (const text of ['{', '"x"', '7', '[7, null]', '[{"owner":"main/ada"}]', '{"owner":1}']) {
      sessionStorage.setItem('corral.drafts', text)
      vi.resetModules()
      const fresh = await import('@/views/tasks/keepsake')
      expect(fresh.recall('main/ada', null)).toBeNull()
    }
  })

  it('is not one of many without end', () => {
    keep(draft, 'main/ada', null)
    for (let n = 0; n < 8; n += 1) keep(again, 'main/ada', `many-${n}`)
    expect(recall('main/ada', null)).toBeNull()
    expect(recall('main/ada', 'many-0')).toEqual(again)
    for (let n = 0; n < 8; n += 1) forget('main/ada', `many-${n}`)
  })
})
