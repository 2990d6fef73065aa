import { expect, it } from 'vitest'

import { oneAtATime } from '@/views/tasks/oneAtATime'

it('runs once more for all who asked meanwhile, and never twice at a time', async () => {
  const ends: (() => void)[] = []
  const run = oneAtATime(() => new Promise((end) => ends.push(end)))
  const all = run()
  void run()
  void run()
  expect(ends).toHaveLength(1)
  ends[0]!()
  await Promise.resolve()
  await Promise.resolve()
  expect(ends).toHaveLength(2)
  ends[1]!()
  await all
  expect(ends).toHaveLength(2)
})

it('can be asked again after it failed', async () => {
  let times = 0
  const run = oneAtATime(async () => {
    times += 1
    if (times === 1) throw new Error('away')
  })
  await expect(run()).rejects.toThrow('away')
  await run()
  expect(times).toBe(2)
})
