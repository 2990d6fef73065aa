import { createPinia, setActivePinia } from 'pinia'
import { expect, it } from 'vitest'

import { useToasts } from '@/stores/toasts'

it('shows a few messages, the latest last', () => {
  setActivePinia(createPinia())
  const toasts = useToasts()
  for (const title of ['1', '2', '3', '4', '5']) toasts.say({ title })
  expect(toasts.toasts.map((toast) => toast.title)).toEqual(['2', '3', '4', '5'])
  toasts.dismiss(toasts.toasts[0]!.id)
  expect(toasts.toasts).toHaveLength(3)
})
