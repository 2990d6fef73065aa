/** How far the index of the full-text search is behind. */
import type { SearchPage } from '@/api/types'

import { count, formatDuration } from './format'

/** A sentence when something may not be found yet; otherwise nothing. */
export function indexNote(page: SearchPage | null): string {
  if (page === null) return ''
  if (!page.ready) return 'The index is being built anew: some things are not found yet.'
  return page.behind === 0 ? '' : `The index is ${count(page.behind, 'event')} behind (${formatDuration(page.behind_ms)}).`
}
