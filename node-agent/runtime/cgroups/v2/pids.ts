// cgroup v2 pids: Documentation/admin-guide/cgroup-v2.rst, PID Interface Files.
import { type Controller, unlimitedOr } from '../controller.ts'

export const pids: Controller = {
  name: 'pids',
  writes: ({ pidsLimit }) =>
    pidsLimit === undefined ? [] : [{ file: 'pids.max', value: unlimitedOr(pidsLimit), limit: 'pidsLimit' }],
}
