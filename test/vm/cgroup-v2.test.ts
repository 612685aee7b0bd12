// What only cgroup v2 has: its files' values as the kernel took them, and that it acts on them.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { CgroupError } from '../../node-agent/runtime/cgroups/cgroup-error.ts'
import { type Cgroup, type DevicePolicy } from '../../node-agent/runtime/cgroups/cgroups.ts'
import { openCgroups } from '../../node-agent/runtime/cgroups/open.ts'

const mount = '/sys/fs/cgroup'
const root = `tessera-v2-${process.pid}`
const children: ChildProcess[] = []
const cgroups = openCgroups(mount)

function inside(cgroup: Cgroup, script: string): ChildProcess {
  const [file = ''] = cgroup.attachment().files
  const child = spawn('/bin/sh', ['-c', `echo $$ > ${file} && { ${script}; }`], { stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  return child
}

const file = (cgroup: Cgroup, name: string): string =>
  readFileSync(path.join(mount, cgroup.path, name), 'utf8').trimEnd()
const counter = (cgroup: Cgroup, name: string, key: string): number =>
  Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(file(cgroup, name))?.[1])

async function until(what: string, check: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    if (check()) return
    await delay(20)
  }
  assert.fail(`waited 20 s in vain: ${what}`)
}

const skip = cgroups.version === 2 ? false : 'this machine has cgroup v1: node test/vm/run.mjs'
describe('cgroup v2', { skip }, () => {
  after(async () => {
    for (const child of children) child.kill('SIGKILL')
    await cgroups.open(root).remove()
  })

  const make = (name: string, limits: Parameters<typeof cgroups.create>[1], devices?: DevicePolicy) => {
    const { cgroup, warnings } = cgroups.create(path.join(root, 'burstable', name), limits, devices)
    assert.deepEqual(warnings, [])
    return cgroup
  }

  it('holds what was asked, in its own units, below parents that pass every controller on', () => {
    const cgroup = make('values', {
      cpuShares: 2048,
      cpuQuotaUs: 50_000,
      cpuPeriodUs: 200_000,
      memoryLimitBytes: 64 << 20,
      memorySwapLimitBytes: 96 << 20,
      pidsLimit: 77,
      cpusetCpus: '0',
      hugePages: [{ pageSize: '2MB', limitBytes: 4 << 20 }],
      unified: { 'memory.high': String(48 << 20), 'memory.oom.group': '1' },
    })
    const values = {
      'cpu.weight': '174',
      'cpu.max': '50000 200000',
      'memory.max': String(64 << 20),
      'memory.swap.max': String(32 << 20),
      'memory.high': String(48 << 20),
      'memory.oom.group': '1',
      'pids.max': '77',
      'cpuset.cpus.effective': '0',
      'hugetlb.2MB.max': String(4 << 20),
      'hugetlb.2MB.rsvd.max': String(4 << 20),
    }
    assert.deepEqual(Object.fromEntries(Object.keys(values).map(name => [name, file(cgroup, name)])), values)
    cgroup.setLimits({ cpuQuotaUs: -1, memoryLimitBytes: -1, memorySwapLimitBytes: -1, pidsLimit: -1 })
    for (const name of ['memory.max', 'memory.swap.max', 'pids.max']) assert.equal(file(cgroup, name), 'max')
    assert.match(file(cgroup, 'cpu.max'), /^max /)
    assert.equal(cgroup.stats().memory?.limitBytes, undefined)
    for (const parent of [root, path.join(root, 'burstable')])
      assert.deepEqual(file(cgroups.open(parent), 'cgroup.subtree_control').split(' ').sort(), [
        'cpu',
        'cpuset',
        'hugetlb',
        'memory',
        'pids',
      ])
  })

  it('keeps what it is not asked to change', () => {
    const cgroup = make('kept', { cpuQuotaUs: 50_000, cpuPeriodUs: 200_000, memoryLimitBytes: 64 << 20 })
    cgroup.setLimits({ cpuShares: 2 })
    cgroup.setLimits({ cpuQuotaUs: 30_000 })
    assert.deepEqual([file(cgroup, 'cpu.weight'), file(cgroup, 'cpu.max')], ['1', '30000 200000'])
    cgroup.setLimits({ cpuPeriodUs: 100_000 })
    assert.equal(file(cgroup, 'cpu.max'), '30000 100000')
    assert.equal(file(cgroup, 'memory.max'), String(64 << 20))
    // Memory and swap together, as CRI counts.
    cgroup.setLimits({ memorySwapLimitBytes: 80 << 20 })
    assert.deepEqual(
      [file(cgroup, 'memory.max'), file(cgroup, 'memory.swap.max')],
      [String(64 << 20), String(16 << 20)],
    )
  })

  it('throttles what wants more processor than its quota', async () => {
    const cgroup = make('throttled', { cpuQuotaUs: 10_000, cpuPeriodUs: 100_000 })
    inside(cgroup, 'while :; do :; done')
    await until('throttling', () => counter(cgroup, 'cpu.stat', 'nr_throttled') > 2)
    assert.ok((cgroup.stats().cpuUsageNs ?? 0) > 0)
    assert.ok(await cgroup.kill())
  })

  it('kills the whole group for want of memory, and counts', async () => {
    const cgroup = make('oom', {
      memoryLimitBytes: 16 << 20,
      memorySwapLimitBytes: 16 << 20,
      unified: { 'memory.oom.group': '1' },
    })
    const child = inside(cgroup, 'sleep 1000 & head -c 64m /dev/zero | tail; wait')
    assert.deepEqual(await once(child, 'exit'), [null, 'SIGKILL'])
    await until('an empty cgroup', () => cgroup.processes().length === 0)
    assert.ok(cgroup.oomKills() >= 2)
  })

  it('kills a cgroup that forks all the time, with those below it', async () => {
    const cgroup = make('forking', {})
    // Processes stand in leaves only: what passes controllers on takes none (no internal processes).
    const busy = make('forking/busy', { pidsLimit: 40 })
    const quiet = make('forking/quiet', {})
    inside(quiet, 'sleep 1000')
    inside(busy, 'f() { f & f & sleep 0.05; }; while :; do f; done 2>/dev/null')
    await until('the limit', () => counter(busy, 'pids.events', 'max') > 0 && quiet.processes().length > 0)
    assert.ok(busy.processes().length > 1)
    assert.ok(await cgroup.kill())
    assert.deepEqual(cgroup.processes(), [])
    await cgroup.remove()
    assert.equal(existsSync(path.join(mount, cgroup.path)), false)
  })

  it('refuses devices by kind of access, and lets nodes be made', async () => {
    const cgroup = make('devices', {}, [])
    const node = `/tmp/${root}-kmsg`
    const child = inside(
      cgroup,
      [
        'for d in null zero full urandom; do head -c1 /dev/$d > /dev/null || exit 10; done',
        'echo x > /dev/null || exit 11',
        `mknod ${node} c 1 11 || exit 12`,
        `(: < ${node}) 2>/dev/null && exit 13`,
        `(: > ${node}) 2>/dev/null && exit 14`,
        '(: < /dev/kmsg) 2>/dev/null && exit 15',
        `rm ${node}`,
      ].join('\n'),
    )
    assert.deepEqual(await once(child, 'exit'), [0, null])
  })

  it('says which file refuses a value, and that some names are no files', () => {
    assert.throws(
      () => make('refused', { unified: { 'memory.max': 'plenty' } }),
      (error: unknown) =>
        error instanceof CgroupError &&
        error.limit === 'unified["memory.max"]' &&
        /^plenty: .*EINVAL/.test(error.message),
    )
    assert.throws(() => make('refused', { unified: { '../cgroup.procs': '1' } }), {
      limit: 'unified["../cgroup.procs"]',
      message: 'not the name of a cgroup file',
    })
  })
})
