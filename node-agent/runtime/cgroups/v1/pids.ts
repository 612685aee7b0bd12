// cgroup v1 pids: Documentation/admin-guide/cgroup-v1/pids.rst.
import { type Controller, unlimitedOr } from '../controller.ts'

export const pids: Controller = {
  name: 'pids',
  writes: ({ pidsLimit }) =>
    pidsLimit === undefined ? [] : [{ file: 'pids.max', value: unlimitedOr(pidsLimit), limit: 'pidsLimit' }],
}
