/** The events of an agent in words for a person. */
import type { HubEvent } from '@/api/types'
import { oneLine } from '@/components/text'

interface Words {
  readonly title: string
  readonly text: string
}

const TITLES: Readonly<Record<string, string>> = {
  'agent.created': 'Came to the fleet',
  'agent.updated': 'Edited',
  'agent.deleted': 'Deleted',
  'agent.online': 'Connected',
  'agent.offline': 'Disconnected',
  'agent.status.changed': 'Status changed',
  'rate_limit.violated': 'Has to wait: broke the rules too often',
}

/** A title, and the rest of what is known about it. */
export function inWords(event: Pick<HubEvent, 'type' | 'data'>): Words {
  const { from, to, ...rest } = event.data
  const title =
    from !== undefined && to !== undefined ? `${said(from)} → ${said(to)}` : (TITLES[event.type] ?? event.type)
  const text = Object.entries(rest)
    .filter(([, value]) => value !== null && value !== undefined && value !== '')
    .map(([name, value]) => `${name.replaceAll('_', ' ')}: ${said(value)}`)
    .join(' · ')
  return { title, text }
}

const MOST_CHARS = 300

function said(value: unknown): string {
  const isList = Array.isArray(value) && value.every((each) => typeof each === 'string')
  const text = isList ? value.join(', ') : typeof value === 'string' ? value : JSON.stringify(value)
  return oneLine(text.length > MOST_CHARS ? `${text.slice(0, MOST_CHARS)}…` : text)
}
