import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { copyText } from '@/components/clipboard'

/** What was selected when the old way was asked to copy; it answers `isAllowed`. */
const old = { isAllowed: true, selected: [] as string[] }

beforeEach(() => {
  Object.assign(old, { isAllowed: true, selected: [] })
  document.execCommand = () => {
    const area = document.querySelector('textarea')!
    old.selected.push(area.value.slice(area.selectionStart, area.selectionEnd))
    return old.isAllowed
  }
})
afterEach(() => vi.unstubAllGlobals())

function clipboard(writeText?: (text: string) => Promise<void>): void {
  vi.stubGlobal('navigator', { clipboard: writeText && { writeText } })
}

describe('the clipboard', () => {
  it('gets the text as it is', async () => {
    const got: string[] = []
    clipboard(async (text) => void got.push(text))
    expect(await copyText('corral join\n<b>')).toBe(true)
    expect([got, old.selected]).toEqual([['corral join\n<b>'], []])
  })

  it('gets it by a selection over plain http, and leaves nothing on the page', async () => {
    clipboard()
    expect(await copyText('two\nlines')).toBe(true)
    expect(old.selected).toEqual(['two\nlines'])
    expect(document.querySelector('textarea')).toBeNull()
  })

  it('gets it by a selection when the browser refuses', async () => {
    vi.spyOn(console, 'info').mockImplementation(() => undefined)
    clipboard(() => Promise.reject(new DOMException('no', 'NotAllowedError')))
    expect(await copyText('id')).toBe(true)
    expect(old.selected).toEqual(['id'])
  })

  it('has nothing when no way works, and that is said', async () => {
    old.isAllowed = false
    clipboard()
    expect(await copyText('id')).toBe(false)
  })
})
