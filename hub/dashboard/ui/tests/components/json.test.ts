import { describe, expect, it } from 'vitest'

import { jsonLines } from '@/components/json'

describe('JSON as text', () => {
  it('is coloured without losing a sign', () => {
    const value = { key: 'a "b" \\', list: [1, -2.5e3, true, null], nested: { '<img src=x>': '</script>' } }
    const text = jsonLines(value, 99).lines.map((line) => line.map((piece) => piece.text).join('')).join('\n')
    expect(text).toBe(JSON.stringify(value, null, 2))
  })

  it('knows keys from strings', () => {
    const [, line] = jsonLines({ a: 'b' }, 9).lines
    expect(line!.map((piece) => piece.kind)).toEqual(['sign', 'key', 'sign', 'sign', 'string'])
  })

  it('says how much is left', () => {
    expect(jsonLines(Array.from({ length: 100 }, (_, n) => n), 10).left).toBe(92)
  })

  it('shows what turns or hides text', () => {
    expect(jsonLines('evil\u202e', 9).lines[0]![0]!.text).toBe('"evil\\u202e"')
  })
})
