// cgroup v2 memory: Documentation/admin-guide/cgroup-v2.rst, Memory Interface Files.
import { type Controller, unlimitedOr } from '../controller.ts'

export const memory: Controller = {
  name: 'memory',
  writes: ({ memoryLimitBytes, memorySwapLimitBytes }) => [
    ...(memoryLimitBytes === undefined
      ? []
      : [{ file: 'memory.max', value: unlimitedOr(memoryLimitBytes), limit: 'memoryLimitBytes' } as const]),
    ...(memorySwapLimitBytes === undefined
      ? []
      : [
          {
            file: 'memory.swap.max',
            value: swapAlone(memorySwapLimitBytes, memoryLimitBytes),
            limit: 'memorySwapLimitBytes',
            optional: true,
          } as const,
        ]),
  ],
}

/** CRI counts memory and swap together, v2 counts swap by itself. */
function swapAlone(togetherBytes: number, memoryBytes: number | undefined): string {
  if (togetherBytes < 0) return 'max'
  return String(memoryBytes === undefined || memoryBytes < 0 ? togetherBytes : Math.max(0, togetherBytes - memoryBytes))
}
