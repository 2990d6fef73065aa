/** Puts a component on a page as the real one has it, and looks at it with axe. */
import { mount, type VueWrapper } from '@vue/test-utils'
import axe from 'axe-core'
import { createPinia, setActivePinia } from 'pinia'
import type { Component } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'

export function router() {
  return createRouter({ history: createMemoryHistory(), routes: [{ path: '/:rest(.*)*', component: { template: '<p />' } }] })
}

export function show(component: Component, props: object = {}, slots: Record<string, unknown> = {}): VueWrapper<any> {
  const pinia = createPinia()
  setActivePinia(pinia)
  return mount(component as any, { props, slots: slots as any, attachTo: document.body, global: { plugins: [pinia, router()] } })
}

/** What axe finds wrong; colours are left to the browser's tests, for there are none here. */
export async function flaws(root: Element = document.body): Promise<string[]> {
  const found = await axe.run(root, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'], rules: { 'color-contrast': { enabled: false } } })
  return found.violations.map((flaw) => `${flaw.id}: ${flaw.nodes.map((node) => node.html).join(' ')}`)
}
