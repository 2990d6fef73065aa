import { describe, expect, it } from 'vitest'

import { plainText, spansOf } from '@/views/tasks/ansi'

const ESC = '\u001b'
const spans = (line: string) => spansOf(line).spans

describe('colours of terminals', () => {
  it('become classes', () => {
    expect(spans(`ok ${ESC}[1;32mpassed${ESC}[0m now`)).toEqual([
      { text: 'ok ', style: '' },
      { text: 'passed', style: 'ansi-green ansi-bold' },
      { text: ' now', style: '' },
    ])
  })

  it('of larger palettes become the nearest of eight', () => {
    expect(spans(`${ESC}[38;5;196mred${ESC}[38;2;10;250;30mgreen${ESC}[48;5;21mback`).map((span) => span.style)).toEqual(['ansi-red', 'ansi-green', 'ansi-green ansi-on-blue'])
  })

  it('go on in the next line until they are reset', () => {
    const { end } = spansOf(`${ESC}[31mred`)
    expect(spansOf(`still${ESC}[39m not`, end).spans).toEqual([
      { text: 'still', style: 'ansi-red' },
      { text: ' not', style: '' },
    ])
  })

  it.each([
    [`a${ESC}[2Jb`, 'ab'],
    [`a${ESC}[10;20Hb`, 'ab'],
    [`a${ESC}]0;title\u0007b`, 'ab'],
    [`a${ESC}]8;;https://bad.example${ESC}\\link${ESC}]8;;${ESC}\\b`, 'alinkb'],
    [`a${ESC}[38;5`, 'a'],
    [`a${ESC}`, 'a'],
    [`a${ESC}(Bb`, 'ab'],
  ])('other sequences are left out: %j', (line, text) => {
    expect(plainText(line)).toBe(text)
    expect(spans(line).map((span) => span.text).join('')).toBe(text)
  })
})

describe('hostile output', () => {
  it('stays text', () => {
    expect(spans('<img src=x onerror=alert(1)>')).toEqual([{ text: '<img src=x onerror=alert(1)>', style: '' }])
  })

  it('cannot turn the direction of writing round, nor hide', () => {
    const text = plainText('safe\u202egnp.exe\u0000\u200b')
    expect(text).not.toMatch(/[\u0000\u200b\u202e]/)
    expect(text).toContain('safe')
  })

  it('does not take long for many broken sequences', () => {
    const line = `${ESC}[1;`.repeat(50_000)
    const begin = performance.now()
    spansOf(line)
    expect(performance.now() - begin).toBeLessThan(1_000)
  })
})
