/** Fetches all output of a stream and gives it to the browser as a file. */
import { get } from '@/api/client'
import type { LogText, Stream } from '@/api/types'

import { pathOf } from './useTaskActions'

/** More would not fit into the memory of a phone. */
export const MOST_BYTES = 64 * 1024 * 1024

export async function downloadLog(
  id: string,
  stream: Stream,
  generation: number | null,
  onProgress: (bytes: number) => void,
): Promise<void> {
  const parts: string[] = []
  let offset = 0
  for (;;) {
    const answer = await get<LogText>(`${pathOf(id)}/log`, { stream, generation, offset })
    if (answer.text === '' || offset > MOST_BYTES) break
    parts.push(answer.text)
    offset = answer.next_offset
    onProgress(offset)
  }
  save(new Blob(parts, { type: 'text/plain' }), `${id}.${stream}.log`)
}

function save(file: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
