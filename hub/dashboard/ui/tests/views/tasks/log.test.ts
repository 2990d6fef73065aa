import { describe, expect, it } from 'vitest'

import { before, bytesOf, found, LINE_CHARS, LogLines, MOST_CHARS, MOST_LINES, targetOf, type Chunk } from '@/views/tasks/log'

const chunk = (from: number, text: string): Chunk => ({ from, to: from + bytesOf(text), text })
const texts = (log: LogLines) => log.lines.map((line) => line.text)

describe('lines of output', () => {
  it('go on where a chunk ended in the middle of one', () => {
    const log = new LogLines()
    log.append(chunk(0, 'one\ntw'))
    log.append(chunk(6, 'o\nthree'))
    expect(texts(log)).toEqual(['one', 'two', 'three'])
    expect(log.lines.map((line) => line.at)).toEqual([0, 4, 8])
  })

  it('are named by bytes, not by characters', () => {
    const log = new LogLines()
    log.append(chunk(0, 'grün\nöl\n'))
    expect(log.lines.map((line) => line.at)).toEqual([0, 6])
    expect(log.to).toBe(10)
  })

  it('keep empty ones', () => {
    const log = new LogLines()
    log.append(chunk(0, 'a\n\n\nb\n'))
    expect(texts(log)).toEqual(['a', '', '', 'b'])
  })

  it('are folded when they are long, and have one number', () => {
    const log = new LogLines()
    log.append(chunk(0, `${'x'.repeat(LINE_CHARS * 2 + 5)}\nnext\n`))
    expect(log.lines.map((line) => [line.text.length, line.folded])).toEqual([[LINE_CHARS, true], [LINE_CHARS, true], [5, false], [4, false]])
    expect(log.numbers()).toEqual([1, 1, 1, 2])
  })

  it('survive a line of 1 MiB in many chunks', () => {
    const log = new LogLines()
    for (let at = 0; at < 1_048_576; at += 65_536) log.append(chunk(at, 'y'.repeat(65_536)))
    log.append(chunk(1_048_576, '\nend\n'))
    expect(log.lines.map((line) => line.text).join('').length).toBe(1_048_576 + 3)
    expect(log.numbers()?.at(-1)).toBe(2)
  })

  it('mark where output is missing', () => {
    const log = new LogLines()
    log.append(chunk(0, 'a\nb'))
    log.append(chunk(100, 'c\n'))
    expect(log.lines.map((line) => line.gap)).toEqual([false, false, true])
    expect(texts(log)).toEqual(['a', 'b', 'c'])
  })

  it('come in front when earlier ones are asked for', () => {
    const log = new LogLines()
    log.append(chunk(6, 'o\nthree\n'))
    expect(log.numbers()).toBeNull()
    log.prepend(chunk(0, 'one\ntw'))
    expect(texts(log)).toEqual(['one', 'two', 'three'])
    expect(log.numbers()).toEqual([1, 2, 3])
  })

  it('are let go at the beginning when there are too many, and keep their numbers', () => {
    const log = new LogLines()
    const part = `${'z'.repeat(1_023)}\n`.repeat(256)
    let at = 0
    while (at < MOST_CHARS * 1.5) {
      log.append(chunk(at, part))
      at += part.length
    }
    expect(log.to - log.from).toBeLessThanOrEqual(MOST_CHARS)
    expect(log.from).toBeGreaterThan(0)
    expect(log.numbers()?.[0]).toBe(log.from / 1_024 + 1)
    expect(log.lines[0]?.at).toBe(log.from)
  })

  it('are let go when they are short and many, too', () => {
    const log = new LogLines()
    for (let at = 0; at < 400_000; at += 20_000) log.append(chunk(at, '\n'.repeat(20_000)))
    expect(log.lines.length).toBeLessThanOrEqual(MOST_LINES)
  })

  it('are let go at the end when somebody reads towards the beginning', () => {
    const log = new LogLines()
    const part = 'w'.repeat(1_048_575) + '\n'
    for (let n = 9; n >= 0; n -= 1) {
      if (n === 9) log.append(chunk(n * part.length, part))
      else log.prepend(chunk(n * part.length, part))
    }
    expect(log.from).toBe(0)
    expect(log.to).toBeLessThan(9 * part.length)
  })
})

describe('chunks', () => {
  it('are cut where the lines that are here begin', () => {
    expect(before(chunk(0, 'grün und mehr'), 5)).toEqual({ from: 0, to: 5, text: 'grün' })
    expect(before(chunk(0, 'all'), 9).text).toBe('all')
  })
})

describe('finding', () => {
  it('looks at upper and lower case alike', () => {
    const log = new LogLines()
    log.append(chunk(0, 'Error one\nfine\nno ERROR\n'))
    expect(found(log.lines, 'error', (text) => text)).toEqual([0, 2])
    expect(found(log.lines, '', (text) => text)).toEqual([])
  })
})

describe('links', () => {
  it('name a line or a byte, and nothing else', () => {
    expect(targetOf('#L1201')).toEqual({ number: 1201 })
    expect(targetOf('#B48213')).toEqual({ at: 48213 })
    expect(targetOf('#Lx')).toBeNull()
    expect(targetOf('')).toBeNull()
  })
})
