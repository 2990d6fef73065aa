import { expect, it, vi } from 'vitest'
import { effectScope } from 'vue'

import { useCommands } from '@/stores/commands'

it('offers what can be done now, and forgets what left with its screen', () => {
  const { register, possible } = useCommands()
  const scope = effectScope()
  let isPossible = false
  scope.run(() => register({ id: 'drain', title: 'Drain', run: vi.fn(), when: () => isPossible }))
  expect(possible()).toEqual([])
  isPossible = true
  expect(possible().map((command) => command.id)).toEqual(['drain'])
  scope.stop()
  expect(possible()).toEqual([])
})
