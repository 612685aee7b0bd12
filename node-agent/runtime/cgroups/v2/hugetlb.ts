// cgroup v2 hugetlb: Documentation/admin-guide/cgroup-v2.rst, HugeTLB Interface Files.
import { type Controller } from '../controller.ts'

export const hugetlb: Controller = {
  name: 'hugetlb',
  writes: ({ hugePages = [] }) =>
    hugePages.flatMap(({ pageSize, limitBytes }) =>
      // What is reserved is limited too, where the kernel can (Linux 5.7): a page that is not there when it is touched is
      // SIGBUS, one that cannot be reserved an error of mmap(2).
      ['', 'rsvd.'].map(kind => ({
        file: `hugetlb.${pageSize}.${kind}max`,
        value: String(limitBytes),
        limit: 'hugePages' as const,
        optional: true,
      })),
    ),
}
