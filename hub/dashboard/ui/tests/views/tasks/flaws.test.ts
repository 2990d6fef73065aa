import { describe, expect, it } from 'vitest'

import { ApiError } from '@/api/client'
import { FIELDS } from '@/views/tasks/draft'
import { fieldOf, flawsOf } from '@/views/tasks/flaws'

describe('what the hub says of a body', () => {
  it.each([
    ['$.description', 'description'],
    ['$.run.argv[0]', 'argv'],
    ['$.run.target', 'target'],
    ['$.run', 'kind'],
    ['$.labels.team', 'labels'],
    ['$.retry.factor', 'retry'],
    ['$.surprise', ''],
    ['$', ''],
  ])('%s stands at its field', (path, field) => {
    expect(fieldOf(path, FIELDS)).toBe(field)
  })

  it('is kept whole: several at one field, items by their number', () => {
    const error = new ApiError(422, 'validation_failed', 'no', [
      { path: '$.needs[1]', message: 'too long' },
      { path: '$.needs[2]', message: 'empty' },
      { path: '$.other', message: 'unknown' },
    ])
    expect(flawsOf(error, FIELDS)).toEqual({ needs: ['No. 2: too long', 'No. 3: empty'], '': ['$.other: unknown'] })
  })

  it('without details is about the whole form', () => {
    expect(flawsOf(new ApiError(422, 'validation_failed', 'too large'), FIELDS)).toEqual({ '': ['too large'] })
  })
})
