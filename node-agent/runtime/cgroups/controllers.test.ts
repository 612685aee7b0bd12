import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findHierarchies } from './hierarchies.ts'
import { cpu as cpuV1 } from './v1/cpu.ts'
import { hugetlb as hugetlbV1 } from './v1/hugetlb.ts'
import { memory as memoryV1 } from './v1/memory.ts'
import { cpu as cpuV2, weightOfShares } from './v2/cpu.ts'
import { hugetlb as hugetlbV2 } from './v2/hugetlb.ts'
import { memory as memoryV2 } from './v2/memory.ts'
import { pids as pidsV2 } from './v2/pids.ts'

const lines = (writes: readonly { file: string; value: string }[]) =>
  writes.map(({ file, value }) => `${file}=${value}`)

describe('controllers', () => {
  it('v1 writes shares, period, quota', () => {
    assert.deepEqual(lines(cpuV1.writes({ cpuShares: 512, cpuPeriodUs: 100_000, cpuQuotaUs: 50_000 })), [
      'cpu.shares=512',
      'cpu.cfs_quota_us=-1',
      'cpu.cfs_period_us=100000',
      'cpu.cfs_quota_us=50000',
    ])
    assert.deepEqual(lines(cpuV1.writes({ cpuPeriodUs: 50_000, cpuQuotaUs: -1 })), [
      'cpu.cfs_quota_us=-1',
      'cpu.cfs_period_us=50000',
    ])
    assert.deepEqual(lines(cpuV1.writes({ cpuShares: 1, cpuQuotaUs: 7000 })), ['cpu.shares=2', 'cpu.cfs_quota_us=7000'])
    assert.deepEqual(cpuV1.writes({}), [])
  })

  it('v1 lets swap give way before memory moves', () => {
    assert.deepEqual(lines(memoryV1.writes({ memoryLimitBytes: 100, memorySwapLimitBytes: 100 })), [
      'memory.memsw.limit_in_bytes=-1',
      'memory.limit_in_bytes=100',
      'memory.memsw.limit_in_bytes=100',
    ])
  })

  it('v2 converts shares to weights and joins quota and period', () => {
    assert.deepEqual([2, 1024, 262_144, 0, 1, 300_000].map(weightOfShares), [1, 100, 10_000, 1, 1, 10_000])
    const weights = Array.from({ length: 17 }, (_, power) => weightOfShares(2 ** (power + 1)))
    assert.deepEqual(
      weights,
      weights.toSorted((a, b) => a - b),
    )
    assert.deepEqual(lines(cpuV2.writes({ cpuShares: 1024, cpuQuotaUs: 50_000 })), ['cpu.weight=100', 'cpu.max=50000'])
    assert.deepEqual(lines(cpuV2.writes({ cpuQuotaUs: -1, cpuPeriodUs: 100_000 })), ['cpu.max=max 100000'])
  })

  it('v2 counts swap by itself', () => {
    assert.deepEqual(lines(memoryV2.writes({ memoryLimitBytes: 100, memorySwapLimitBytes: 150 })), [
      'memory.max=100',
      'memory.swap.max=50',
    ])
    assert.deepEqual(lines(memoryV2.writes({ memoryLimitBytes: -1, memorySwapLimitBytes: -1 })), [
      'memory.max=max',
      'memory.swap.max=max',
    ])
    assert.deepEqual(lines(pidsV2.writes({ pidsLimit: -1 })), ['pids.max=max'])
  })
})

describe('huge pages', () => {
  it('are limited by size, used and reserved', () => {
    const limits = { hugePages: [{ pageSize: '2MB', limitBytes: 0 }] }
    assert.deepEqual(lines(hugetlbV1.writes(limits)), [
      'hugetlb.2MB.limit_in_bytes=0',
      'hugetlb.2MB.rsvd.limit_in_bytes=0',
    ])
    assert.deepEqual(lines(hugetlbV2.writes(limits)), ['hugetlb.2MB.max=0', 'hugetlb.2MB.rsvd.max=0'])
    assert.deepEqual(hugetlbV2.writes({}), [])
  })
})

describe('hierarchies', () => {
  it('reads what is mounted where, together or alone', () => {
    const mountinfo = [
      '32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct',
      '40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd',
      '41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate',
      '42 31 0:39 / /elsewhere/memory rw - cgroup cgroup rw,memory',
    ].join('\n')
    assert.deepEqual(findHierarchies(mountinfo, '/sys/fs/cgroup'), [
      { version: 1, mount: '/sys/fs/cgroup/cpu,cpuacct', controllers: ['cpu', 'cpuacct'] },
      { version: 2, mount: '/sys/fs/cgroup/unified', controllers: [] },
    ])
  })
})
