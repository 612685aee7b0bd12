import type { PostFilterPlugin } from '../framework/plugin.ts'

/**
 * Dynamic resource allocation gives claims back that it allocated for a pod in vain, and says so (KEP-4381). No claims
 * are allocated here: there are none to give back, which is as much as it says of a pod that names none.
 */
export const dynamicResources: PostFilterPlugin = {
  name: 'DynamicResources',
  postFilter({ pod }) {
    return (pod.spec.resourceClaims ?? []).length === 0 ? 'no new claims to deallocate' : ''
  },
}
