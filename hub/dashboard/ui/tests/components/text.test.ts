import { describe, expect, it } from 'vitest'

import { oneLine, visible } from '@/components/text'

describe('text from outside', () => {
  it('shows what turns or hides it', () => {
    expect(visible('user\u202etxt.exe\u0000\ufeff')).toBe('user\\u202etxt.exe\\u0000\\ufeff')
  })

  it('is one line in which nothing hides', () => {
    expect(oneLine('a\r\nb\tc')).toBe('a ⏎ b c')
    expect(oneLine('x\u202ey\u0000')).not.toMatch(/[\u0000\u202e]/)
    expect(oneLine('z'.repeat(9_000)).length).toBeLessThan(2_100)
  })
})
