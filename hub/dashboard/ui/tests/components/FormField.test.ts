import { afterEach, expect, it } from 'vitest'
import { h } from 'vue'

import FormField from '@/components/FormField.vue'

import { flaws, show } from './page'

afterEach(() => document.body.replaceChildren())

function field(props: object) {
  return show(FormField, { label: 'Slots', ...props }, { default: (given: object) => h('input', given) })
}

it('ties the name, the hint and the flaw to the field', async () => {
  const shown = field({ hint: 'How many at once', flaw: 'Write a whole number.' })
  const input = shown.find('input')
  const described = input.attributes('aria-describedby')!.split(' ').map((id) => document.getElementById(id)?.textContent)
  expect(described[0]).toBe('How many at once')
  expect(described[1]).toContain('Write a whole number.')
  expect(input.attributes('aria-invalid')).toBe('true')
  expect(shown.find('label').attributes('for')).toBe(input.attributes('id'))
  expect(await flaws()).toEqual([])
})

it.each([undefined, null, []])('is fine without a flaw: %s', (flaw) => {
  const input = field({ flaw }).find('input')
  expect(input.attributes('aria-invalid')).toBeUndefined()
  expect(input.attributes('aria-describedby')).toBeUndefined()
})

it('says several', () => {
  expect(field({ flaw: ['One.', 'Two.'] }).findAll('[role=alert] p')).toHaveLength(2)
})
