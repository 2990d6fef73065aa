/** Editing an agent: from what is known to a form, and from the form to what is to change. */

import type { AgentEdit, AgentView } from '@/api/types'
import { labelWords } from '@/components/agents'

/** What the form holds; an empty field of those that can be fixed is the agent's own word. */
export interface AgentForm {
  readonly name: string
  readonly note: string
  readonly labels: string
  readonly capabilities: string
  readonly slots: string
}

type Field = keyof AgentForm
export type Flaws = Partial<Record<Field, string>>
type Known = Pick<AgentView, 'name' | 'note' | 'labels' | 'capabilities' | 'slots' | 'fixed'>

const MOST_SLOTS = 1024
const MOST_LABELS = 64
const MOST_CAPABILITIES = 64

/** The form for an agent. What a person has not fixed is left empty. */
export function formOf(agent: Known): AgentForm {
  const fixed = new Set(agent.fixed ?? [])
  return {
    name: fixed.has('name') ? agent.name : '',
    note: agent.note ?? '',
    labels: labelWords(agent.labels ?? {}).join('\n'),
    capabilities: fixed.has('capabilities') ? agent.capabilities.join(', ') : '',
    slots: fixed.has('slots') ? String(agent.slots) : '',
  }
}

/** `key=value`, one a line. */
export function readLabels(text: string): Record<string, string> {
  const labels: [string, string][] = []
  for (const line of lines(text)) {
    const at = line.indexOf('=')
    labels.push(at < 0 ? [line, ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()])
  }
  return Object.fromEntries(labels)
}

/** Words between commas or line ends, each once. */
export function readCapabilities(text: string): string[] {
  return [...new Set(lines(text.replaceAll(',', '\n')))]
}

function lines(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** What is wrong with a form, by field. */
export function flawsOf(form: AgentForm): Flaws {
  const flaws: Flaws = {}
  const slots = Number(form.slots)
  const isCount = /^\d+$/.test(form.slots.trim()) && slots <= MOST_SLOTS
  if (form.slots.trim() !== '' && !isCount) flaws.slots = `A whole number from 0 to ${MOST_SLOTS}.`
  if (form.note.length > 500) flaws.note = 'At most 500 characters.'
  if (form.name.length > 256) flaws.name = 'At most 256 characters.'
  const labels = readLabels(form.labels)
  if (Object.hasOwn(labels, '')) flaws.labels = 'A label needs a name before the “=”.'
  if (Object.keys(labels).length > MOST_LABELS) flaws.labels = `At most ${MOST_LABELS} labels.`
  const capabilities = readCapabilities(form.capabilities)
  if (capabilities.some((each) => each.length > 64)) flaws.capabilities = 'At most 64 characters each.'
  if (capabilities.length > MOST_CAPABILITIES) flaws.capabilities = `At most ${MOST_CAPABILITIES}.`
  return flaws
}

/** Only what differs from the form before; null empties a field. */
export function changesOf(before: AgentForm, after: AgentForm): AgentEdit {
  const wish: Record<string, unknown> = {}
  const changed = (field: Field) => before[field].trim() !== after[field].trim()
  if (changed('name')) wish.name = after.name.trim() || null
  if (changed('note')) wish.note = after.note.trim() || null
  if (changed('labels')) wish.labels = readLabels(after.labels)
  if (changed('capabilities')) {
    wish.capabilities = after.capabilities.trim() === '' ? null : readCapabilities(after.capabilities)
  }
  if (changed('slots')) wish.slots = after.slots.trim() === '' ? null : Number(after.slots)
  return wish as AgentEdit
}

const FIELDS: readonly Field[] = ['name', 'note', 'labels', 'capabilities', 'slots']

/** After a conflict: the fields that both sides have changed since the version before. */
export function clashes(before: AgentForm, mine: AgentForm, theirs: AgentForm): Field[] {
  return FIELDS.filter((field) => before[field] !== mine[field] && before[field] !== theirs[field])
}

/** After a conflict: their new state, with what I have typed on top of it. */
export function rebased(before: AgentForm, mine: AgentForm, theirs: AgentForm): AgentForm {
  const kept = FIELDS.filter((field) => before[field] !== mine[field])
  return { ...theirs, ...Object.fromEntries(kept.map((field) => [field, mine[field]])) }
}
