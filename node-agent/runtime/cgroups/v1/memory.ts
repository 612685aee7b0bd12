// cgroup v1 memory: Documentation/admin-guide/cgroup-v1/memory.rst.
import { type Controller } from '../controller.ts'
import { type CgroupWrite } from '../files.ts'

export const memory: Controller = {
  name: 'memory',
  writes: ({ memoryLimitBytes, memorySwapLimitBytes }) => {
    if (memoryLimitBytes === undefined && memorySwapLimitBytes === undefined) return []
    const swap = (value: number): CgroupWrite => ({
      file: 'memory.memsw.limit_in_bytes',
      value: String(value),
      limit: 'memorySwapLimitBytes',
      optional: true,
    })
    return [
      // Memory and swap together can never be below memory alone, whichever way the two move; so the former gives way.
      swap(-1),
      ...(memoryLimitBytes === undefined
        ? []
        : [{ file: 'memory.limit_in_bytes', value: String(memoryLimitBytes), limit: 'memoryLimitBytes' } as const]),
      ...(memorySwapLimitBytes === undefined || memorySwapLimitBytes < 0 ? [] : [swap(memorySwapLimitBytes)]),
    ]
  },
}
