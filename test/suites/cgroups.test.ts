// The cgroup driver of this machine, on real processes.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { CgroupError, NoRoomError } from '../../node-agent/runtime/cgroups/cgroup-error.ts'
import { type CgroupLimits } from '../../node-agent/runtime/cgroups/cgroups.ts'
import { allowedDevices } from '../../node-agent/runtime/cgroups/devices.ts'
import { openCgroups } from '../../node-agent/runtime/cgroups/open.ts'
import { deviceProgram } from '../../node-agent/runtime/cgroups/v2/device-program.ts'
import { attachDeviceProgram } from '../../node-agent/sys/bpf.ts'

const root = `tessera-test-${process.pid}`
const children: ChildProcess[] = []

/** A process inside a cgroup: it joins by itself, then runs the script. */
function inside(files: readonly string[], script: string): ChildProcess {
  const join = files.map(file => `echo $$ > ${file}`).join(' && ')
  const child = spawn('/bin/sh', ['-c', `${join} && { ${script}; }`], { stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  return child
}

function ended(child: ChildProcess): Promise<{ code: number | null; signal: string | null }> {
  return new Promise(resolve => child.on('exit', (code, signal) => resolve({ code, signal })))
}

describe('cgroups', () => {
  const cgroups = openCgroups()
  before(() => assert.equal(process.getuid?.(), 0, 'cgroups need root'))
  after(async () => {
    for (const child of children) child.kill('SIGKILL')
    await cgroups.open(root).remove()
  })

  const joined = (name: string): readonly string[] => cgroups.open(name).attachment().files

  it('makes nested cgroups, sees their processes, kills and removes them', async () => {
    const name = path.join(root, 'burstable/pod1/c1')
    cgroups.create(name, {})
    const child = inside(joined(name), 'sleep 1000 & sleep 1000')
    const exit = ended(child)
    await until(() => cgroups.open(root).processes().length >= 2)
    assert.deepEqual(cgroups.children(path.join(root, 'burstable')), [path.join(root, 'burstable/pod1')])
    await cgroups.open(path.join(root, 'burstable')).remove()
    assert.equal((await exit).signal, 'SIGKILL')
    assert.deepEqual(cgroups.children(root), [])
    await cgroups.open(path.join(root, 'burstable')).remove()
  })

  it('removes what it has made of a path, and leaves what others made or use', async () => {
    const theirs = path.join(root, 'theirs')
    const mounts = cgroups
      .open(theirs)
      .attachment()
      .files.map(file => path.dirname(path.dirname(file)))
    cgroups.create(root, {})
    for (const mount of mounts) mkdirSync(path.join(mount, 'theirs'))
    const one = path.join(theirs, 'ours', 'one')
    const two = path.join(theirs, 'ours', 'two')
    for (const name of [one, two]) cgroups.create(name, {})
    const elsewhere = path.join(root, 'elsewhere')
    await cgroups.removeOwn(one, elsewhere)
    assert.deepEqual(cgroups.children(path.join(theirs, 'ours')), [two])
    // As a later process finds them.
    await openCgroups().removeOwn(two, elsewhere)
    assert.deepEqual([cgroups.children(root), cgroups.children(theirs)], [[theirs], []])
    await cgroups.removeOwn(theirs, root)
    assert.deepEqual(cgroups.children(root), [], 'below the runtime’s own root')
    assert.ok(
      mounts.every(mount => existsSync(mount)),
      'which stays',
    )
    const used = path.join(root, 'used')
    cgroups.create(used, {})
    inside(joined(used), 'sleep 1000')
    await until(() => cgroups.open(used).processes().length > 0)
    await cgroups.removeOwn(used, elsewhere)
    assert.ok(cgroups.open(used).processes().length > 0)
    await cgroups.open(used).remove()
  })

  it('kills what exceeds its memory, and says so', async () => {
    const name = path.join(root, 'oom')
    const { cgroup } = cgroups.create(name, { memoryLimitBytes: 16 << 20, memorySwapLimitBytes: 16 << 20 })
    assert.equal(cgroup.oomKills(), 0)
    const child = inside(joined(name), 'exec head -c 64m /dev/zero | tail')
    await ended(child)
    await until(() => cgroup.oomKills() > 0)
    assert.equal(cgroup.stats().memory?.limitBytes, 16 << 20)
  })

  it('moves limits both ways', () => {
    const name = path.join(root, 'moving')
    const { cgroup } = cgroups.create(name, {
      memoryLimitBytes: 64 << 20,
      memorySwapLimitBytes: 64 << 20,
      cpuShares: 100,
    })
    cgroup.setLimits({ memoryLimitBytes: 128 << 20, memorySwapLimitBytes: 128 << 20 })
    assert.equal(cgroup.stats().memory?.limitBytes, 128 << 20)
    cgroup.setLimits({
      memoryLimitBytes: 32 << 20,
      memorySwapLimitBytes: 32 << 20,
      cpuQuotaUs: 20_000,
      cpuPeriodUs: 100_000,
    })
    assert.equal(cgroup.stats().memory?.limitBytes, 32 << 20)
  })

  it('counts processor time and processes, and caps the latter', async () => {
    const name = path.join(root, 'counted')
    const { cgroup } = cgroups.create(name, { pidsLimit: 3 })
    const child = inside(joined(name), 'sleep 1000 & sleep 1000 & sleep 1000 & sleep 1000; wait')
    let errors = ''
    child.stderr?.on('data', (data: Buffer) => (errors += data.toString()))
    await until(() => /fork|Resource/i.test(errors))
    assert.ok((cgroup.stats().pids ?? 4) <= 3)
    assert.ok((cgroup.stats().cpuUsageNs ?? 0) > 0)
  })

  it('allows the standard devices only', async () => {
    const name = path.join(root, 'devices')
    cgroups.create(name, {}, [])
    const node = `/tmp/${root}-kmsg`
    const child = inside(
      joined(name),
      `echo ok > /dev/null && mknod ${node} c 1 11 && ! head -c1 ${node} 2>/dev/null; code=$?; rm -f ${node}; exit $code`,
    )
    assert.deepEqual(await ended(child), { code: 0, signal: null })
  })

  it('names the limit whose value the kernel refuses, and nothing of the machine', () => {
    const refused = (limits: CgroupLimits, cgroup = cgroups.create(path.join(root, 'bad'), {}).cgroup): string => {
      try {
        cgroup.setLimits(limits)
      } catch (error) {
        assert.ok(error instanceof CgroupError)
        assert.doesNotMatch(error.message, /\//)
        return `${error.limit}: ${error.message}`
      }
      return 'it was accepted'
    }
    assert.match(refused({ cpusetCpus: '0-9999' }), /^cpusetCpus: 0-9999: .*\(cpuset\.cpus: E(INVAL|RANGE)\)$/)
    assert.match(refused({ cpuQuotaUs: 10 }), /^cpuQuotaUs: 10: .*EINVAL/)
    assert.match(refused({ pidsLimit: Number.NaN }), /^pidsLimit: NaN: .*EINVAL/)
    if (cgroups.version === 2) return
    const parent = cgroups.create(path.join(root, 'capped'), { cpuQuotaUs: 20_000, cpuPeriodUs: 100_000 }).cgroup
    const { cgroup: child } = cgroups.create(path.join(root, 'capped/child'), { cpuQuotaUs: 10_000 })
    assert.match(refused({ cpuQuotaUs: 30_000 }, child), /a cgroup above may allow less/)
    // Shorter periods and quotas: either alone would be more than the one above allows.
    assert.equal(refused({ cpuQuotaUs: 2000, cpuPeriodUs: 10_000 }, child), 'it was accepted')
    assert.equal(refused({ cpuQuotaUs: -1, cpuPeriodUs: 100_000 }, parent), 'it was accepted')
  })

  it('keeps a memory limit that is above what is in use', { skip: cgroups.version === 2 }, async () => {
    const { cgroup } = cgroups.create(path.join(root, 'in-use'), { memoryLimitBytes: 64 << 20 })
    const child = inside(
      joined(path.join(root, 'in-use')),
      'x=$(head -c 8m /dev/zero | tr "\\0" x); echo held; sleep 1000',
    )
    await once(child.stdout ?? assert.fail('no output'), 'data')
    assert.throws(
      () => cgroup.setLimits({ memoryLimitBytes: 1 << 20 }),
      (error: unknown) =>
        error instanceof CgroupError &&
        error.limit === 'memoryLimitBytes' &&
        /^1048576: more is in use than the new limit allows \(.*: EBUSY\)$/.test(error.message),
    )
    assert.equal(cgroup.stats().memory?.limitBytes, 64 << 20)
  })

  it('says that there is no room below a cgroup of next to no memory', () => {
    const parent = path.join(root, 'tiny')
    cgroups.create(parent, { memoryLimitBytes: 4096 })
    assert.throws(() => {
      // The kernel charges a cgroup above for a new one; how many fit in its reserve is its own affair.
      for (let count = 0; count < 1000; count++) cgroups.create(path.join(parent, `c${count}`), {})
    }, NoRoomError)
  })
})

// The device program is cgroup v2's; a hybrid machine has a v2 tree too, without controllers.
const unified = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find(folder =>
  existsSync(path.join(folder, 'cgroup.controllers')),
)
describe('device program', { skip: unified === undefined ? 'no cgroup2 is mounted here' : false }, () => {
  it('lets /dev/null be used and /dev/kmsg not', async () => {
    const folder = path.join(unified ?? '', `${root}-bpf`)
    mkdirSync(folder)
    try {
      attachDeviceProgram(folder, deviceProgram(allowedDevices))
      const run = (script: string) => ended(inside([path.join(folder, 'cgroup.procs')], script))
      assert.equal((await run('echo ok > /dev/null && head -c1 /dev/urandom > /dev/null')).code, 0)
      assert.notEqual((await run('head -c1 /dev/kmsg > /dev/null')).code, 0)
    } finally {
      await until(() => readFileSync(path.join(folder, 'cgroup.procs'), 'utf8') === '')
      rmdirSync(folder)
    }
  })
})

async function until(check: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000
  while (!check()) {
    assert.ok(Date.now() < deadline, 'waited 30 s in vain')
    await delay(10)
  }
}
