import { afterEach, describe, expect, it, vi } from 'vitest'

import { emptyDraft } from '@/views/tasks/draft'
import { forget, keep, recall } from '@/views/tasks/keepsake'

const draft = { ...emptyDraft(), description: 'Weave' }

afterEach(forget)

describe('a draft', () => {
  it('is there for whoever wrote it, and for nobody else', () => {
    keep(draft, 'main/ada')
    expect(recall('main/ada')).toEqual(draft)
    expect(recall('main/bob')).toBeNull()
  })

  it('outlives the page, but not the submission', async () => {
    keep(draft, 'main/ada')
    vi.resetModules()
    const fresh = await import('@/views/tasks/keepsake')
    expect(fresh.recall('main/ada')).toEqual(draft)
    fresh.forget()
    expect(fresh.recall('main/ada')).toBeNull()
  })

  it('is nothing that something else wrote', () => {
    for (const text of ['{', '"x"', '7', '{"owner":1}']) {
      sessionStorage.setItem('corral.draft', text)
      expect(recall('main/ada')).toBeNull()
    }
  })
})
