/** Fetches the output of a stream and gives it to the browser as a file. */
import { get } from '@/api/client'
import type { LogText, Stream } from '@/api/types'
import { formatBytes } from '@/components/format'

import { pathOf } from './useTaskActions'

/** More would not fit into the memory of a phone. */
export const MOST_BYTES = 64 * 1024 * 1024

/** Whether it was saved as far as it goes now; a file that was cut says so at its end. Raises ApiError. */
export async function downloadLog(
  id: string,
  stream: Stream,
  generation: number | null,
  onProgress: (bytes: number) => void,
): Promise<boolean> {
  const parts: string[] = []
  let offset = 0
  let isWhole = false
  for (;;) {
    const answer = await get<LogText>(`${pathOf(id)}/log`, { stream, generation, offset })
    isWhole = answer.text === ''
    if (isWhole || offset >= MOST_BYTES) break
    parts.push(answer.text)
    offset = answer.next_offset
    onProgress(offset)
  }
  if (!isWhole) parts.push(`\n[cut here: ${formatBytes(offset)} were saved, and there is more]\n`)
  save(new Blob(parts, { type: 'text/plain' }), `${id}.${stream}.log`)
  return isWhole
}

function save(file: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
