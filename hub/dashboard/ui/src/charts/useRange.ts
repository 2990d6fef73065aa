/** The range of the charts, kept in the address. */

import { computed, type WritableComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'

import { USUAL_RANGE, readRange, type RangeName } from './frame'

/** Changing it leaves no trail in the history. */
export function useRange(): WritableComputedRef<RangeName> {
  const route = useRoute()
  const router = useRouter()
  return computed({
    get: () => readRange(route.query.range),
    set: (name) => {
      const { range: _old, ...others } = route.query
      void router.replace({ query: name === USUAL_RANGE ? others : { ...others, range: name } })
    },
  })
}
