import { afterEach, beforeEach, expect, it, vi } from 'vitest'

import { downloadLog, MOST_BYTES } from '@/views/tasks/downloading'

const STEP = MOST_BYTES / 4
const saved: Blob[] = []
let length = 0

beforeEach(() => {
  saved.length = 0
  vi.spyOn(URL, 'createObjectURL').mockImplementation((file) => (saved.push(file as Blob), 'blob:x'))
  vi.spyOn(URL, 'revokeObjectURL').mockImplementation(() => undefined)
  vi.stubGlobal('fetch', async (path: string) => {
    const at = Number(new URL(path, 'http://hub').searchParams.get('offset'))
    const next = Math.min(length, at + STEP)
    return new Response(JSON.stringify({ text: next > at ? `from ${at}\n` : '', next_offset: next }))
  })
})
afterEach(() => vi.restoreAllMocks())

async function download(): Promise<[boolean, string]> {
  const isWhole = await downloadLog('t-1', 'stdout', null, () => undefined)
  return [isWhole, await saved[0]!.text()]
}

it('saves all that fits, and says nothing of its own in it', async () => {
  length = MOST_BYTES
  const [isWhole, text] = await download()
  expect(isWhole).toBe(true)
  expect(text.split('\n')).toHaveLength(5)
  expect(text).not.toContain('cut')
})

it('says at the end of the file, and to the caller, that there is more', async () => {
  length = MOST_BYTES + 1
  const [isWhole, text] = await download()
  expect(isWhole).toBe(false)
  expect(text).toMatch(/cut here: 64.* were saved, and there is more\]\n$/)
})
