/**
 * Single keys and chords. They are silent in fields and with modifiers, and one switch in the
 * settings turns them all off (WCAG 2.1.4). What is bound is listed by the `?` help.
 */
import { onScopeDispose, getCurrentScope, shallowReactive } from 'vue'

import { Chords, nameOf } from './chords'
import { useSettings } from './settings'

export interface Binding {
  label: string
  run: (event: KeyboardEvent) => void
  when?: () => boolean
}

export type KeyMap = Record<string, Binding>

interface Layer {
  scope: string
  map: KeyMap
}

/** The latest layer wins: a dialog over a list over the shell. */
const layers = shallowReactive<Layer[]>([])
const chords = new Chords()

/** Binds keys as long as the component lives; `scope` is their heading in the help. */
export function useKeys(map: KeyMap, scope = 'Here'): () => void {
  const layer: Layer = { scope, map }
  layers.push(layer)
  const stop = () => {
    const place = layers.indexOf(layer)
    if (place >= 0) layers.splice(place, 1)
  }
  if (getCurrentScope()) onScopeDispose(stop)
  return stop
}

/** What is bound now, for the help: heading, keys, label. */
export function boundKeys(): { scope: string; keys: { keys: string; label: string }[] }[] {
  const scopes = new Map<string, { keys: string; label: string }[]>()
  for (const { scope, map } of layers) {
    const list = scopes.get(scope) ?? []
    for (const [keys, { label }] of Object.entries(map)) if (!list.some((known) => known.keys === keys)) list.push({ keys, label })
    scopes.set(scope, list)
  }
  return [...scopes].map(([scope, keys]) => ({ scope, keys }))
}

/** Listens for the whole page; called once, by the shell. */
export function listenForKeys(): () => void {
  const settings = useSettings()
  const listener = (event: KeyboardEvent) => {
    if (settings.shortcuts && !event.defaultPrevented && !isTyping(event.target) && !hasOpenDialog()) press(event)
  }
  window.addEventListener('keydown', listener)
  return () => window.removeEventListener('keydown', listener)
}

function press(event: KeyboardEvent): void {
  const name = nameOf(event)
  if (name === null) return
  const keys = chords.press(name, event.timeStamp, {
    has: (keys) => bindingOf(keys) !== undefined,
    begins: (key) => layers.some(({ map }) => Object.keys(map).some((keys) => keys.startsWith(`${key} `))),
  })
  if (keys === null || keys === 'begun') return
  event.preventDefault()
  bindingOf(keys)?.run(event)
}

function bindingOf(keys: string): Binding | undefined {
  for (let place = layers.length - 1; place >= 0; place--) {
    const binding = layers[place]?.map[keys]
    if (binding !== undefined && (binding.when?.() ?? true)) return binding
  }
  return undefined
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || target.matches('input:not([type=checkbox], [type=radio]), textarea, select')
}

/** A dialog or a menu has the keyboard for itself. */
function hasOpenDialog(): boolean {
  return document.querySelector('dialog[open], [role=menu]') !== null
}
