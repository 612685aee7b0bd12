import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { metricsV1 } from './v1/metrics.ts'
import { metricsV2 } from './v2/metrics.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tessera-cgroup-metrics-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const put = (files: Readonly<Record<string, string>>): void => {
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text)
}

const memory = {
  usageBytes: 1000,
  workingSetBytes: 900,
  maxUsageBytes: 2000,
  rssBytes: 300,
  cacheBytes: 400,
  mappedFileBytes: 50,
  swapBytes: 60,
  kernelBytes: 70,
  limitHits: 8,
  pageFaults: 9,
  majorPageFaults: 10,
}

test('v1: one file a controller, times in ticks', () => {
  put({
    'cpuacct.usage': '5000000000\n',
    'cpuacct.stat': 'user 200\nsystem 100\n',
    'cpu.stat': 'nr_periods 4\nnr_throttled 3\nthrottled_time 7\n',
    'memory.usage_in_bytes': '1000\n',
    'memory.max_usage_in_bytes': '2000\n',
    'memory.kmem.usage_in_bytes': '70\n',
    'memory.failcnt': '8\n',
    'memory.stat':
      'rss 1\ntotal_rss 300\ntotal_cache 400\ntotal_mapped_file 50\ntotal_swap 60\ntotal_pgfault 9\ntotal_pgmajfault 10\ntotal_inactive_file 100\n',
    'pids.current': '2\n',
    'pids.max': 'max\n',
  })
  const cpu = { usageNs: 5e9, userNs: 2e9, systemNs: 1e9, periods: 4, throttledPeriods: 3, throttledNs: 7 }
  assert.deepEqual(
    metricsV1(() => folder),
    { cpu, memory, threads: 2, io: [] },
  )
  assert.deepEqual(
    metricsV1(() => undefined),
    { io: [] },
  )
})

test('v2: one folder, times in microseconds, devices by number', () => {
  put({
    'cpu.stat':
      'usage_usec 5000000\nuser_usec 2000000\nsystem_usec 1000000\nnr_periods 4\nnr_throttled 3\nthrottled_usec 7\n',
    'memory.current': '1000\n',
    'memory.peak': '2000\n',
    'memory.swap.current': '60\n',
    'memory.events': 'low 0\nhigh 0\nmax 8\noom 0\n',
    'memory.stat': 'anon 300\nfile 400\nkernel 70\nfile_mapped 50\ninactive_file 100\npgfault 9\npgmajfault 10\n',
    'pids.current': '2\n',
    'pids.max': '30\n',
    'io.stat': '8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n253:1 \n',
  })
  const cpu = { usageNs: 5e9, userNs: 2e9, systemNs: 1e9, periods: 4, throttledPeriods: 3, throttledNs: 7000 }
  const io = [
    { major: 8, minor: 0, readBytes: 1, writtenBytes: 2, reads: 3, writes: 4 },
    { major: 253, minor: 1, readBytes: 0, writtenBytes: 0, reads: 0, writes: 0 },
  ]
  assert.deepEqual(metricsV2(folder), { cpu, memory, threads: 2, threadLimit: 30, io })
  assert.deepEqual(metricsV2(path.join(folder, 'none')), { io: [] })
})
