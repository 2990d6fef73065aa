/** The colours of the map, from the page's tokens as they are now. */

import { STATUSES } from '@/components/agents'
import { lookOf } from '@/components/status'
import { token } from '@/components/theme'

import type { Palette } from './shapes'

/** Dark blue over much of a white page is heavy, so areas are lighter there. */
const FILLS = { light: 0.7, dark: 0.92 } as const

/** The palette of the theme that is on. */
export function readPalette(theme: keyof typeof FILLS): Palette {
  const colours = STATUSES.map((status) => [status, token(`--st-${lookOf(status).tone}`)])
  return {
    colours: Object.fromEntries(colours) as Record<string, string>,
    text: token('--ink'),
    muted: token('--muted'),
    subtle: token('--subtle'),
    line: token('--line'),
    sunken: token('--sunken'),
    fill: FILLS[theme],
  }
}
