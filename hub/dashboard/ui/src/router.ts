/** Every address of the page. Each screen is loaded when it is first asked for. */
import { createRouter, createWebHistory, type Router, type RouteRecordRaw } from 'vue-router'

declare module 'vue-router' {
  interface RouteMeta {
    title?: string
    /** Addresses of one room are one screen: going between them does not move the keyboard. */
    room?: string
    /** The screen is as high as the window and scrolls inside; others grow with what they show. */
    fills?: boolean
  }
}

const routes: RouteRecordRaw[] = [
  { path: '/', redirect: '/overview' },
  { path: '/overview', name: 'overview', meta: { title: 'Overview' }, component: () => import('@/views/overview/OverviewView.vue') },
  { path: '/fleet', name: 'fleet', meta: { title: 'Fleet', room: 'fleet', fills: true }, component: () => import('@/views/fleet/FleetView.vue') },
  { path: '/fleet/:id', name: 'agent', meta: { title: 'Agent', room: 'fleet', fills: true }, component: () => import('@/views/fleet/FleetView.vue') },
  { path: '/tasks', name: 'tasks', meta: { title: 'Tasks', room: 'tasks', fills: true }, component: () => import('@/views/tasks/TasksView.vue') },
  { path: '/tasks/new', name: 'new-task', meta: { title: 'New task' }, component: () => import('@/views/tasks/NewTaskView.vue') },
  { path: '/tasks/:id', name: 'task', meta: { title: 'Task' }, component: () => import('@/views/tasks/TaskView.vue') },
  { path: '/events', name: 'events', meta: { title: 'Events', room: 'events', fills: true }, component: () => import('@/views/events/EventsView.vue') },
  { path: '/metrics', name: 'metrics', meta: { title: 'Metrics' }, component: () => import('@/views/metrics/MetricsView.vue') },
  { path: '/admin/:section?', name: 'admin', meta: { title: 'Admin' }, component: () => import('@/views/admin/AdminView.vue') },
  ...['missions', 'channels', 'alerts'].map((room) => ({
    path: `/${room}/:rest(.*)*`,
    meta: { title: room[0]!.toUpperCase() + room.slice(1) },
    component: () => import('@/views/LaterView.vue'),
  })),
  { path: '/:rest(.*)*', name: 'missing', meta: { title: 'Not found' }, component: () => import('@/views/MissingView.vue') },
]

/** Reads the address at once: the one-time code has to be out of it by then. */
export function makeRouter(): Router {
  const router = createRouter({ history: createWebHistory(import.meta.env.BASE_URL), routes })
  router.afterEach((to) => {
    document.title = `${to.meta.title ?? 'Corral'} · Corral`
  })
  return router
}
