/** The rooms of the navigation, in its order. A room that has no screen yet is not in it. */
import { Activity, Bot, ChartLine, Gauge, ListChecks, Settings2 } from '@lucide/vue'
import type { Component } from 'vue'

export interface Room {
  name: string
  path: string
  icon: Component
  keys: string
  /** One of the few that a phone has at hand; the others are behind More. */
  isNear?: boolean
}

export const ROOMS: readonly Room[] = [
  { name: 'Overview', path: '/overview', icon: Gauge, keys: 'g o', isNear: true },
  { name: 'Fleet', path: '/fleet', icon: Bot, keys: 'g f', isNear: true },
  { name: 'Tasks', path: '/tasks', icon: ListChecks, keys: 'g t', isNear: true },
  { name: 'Events', path: '/events', icon: Activity, keys: 'g e', isNear: true },
  { name: 'Metrics', path: '/metrics', icon: ChartLine, keys: 'g m' },
  { name: 'Admin', path: '/admin', icon: Settings2, keys: 'g a' },
]

export function isIn(room: Room, path: string): boolean {
  return path === room.path || path.startsWith(`${room.path}/`)
}
