// A container's start, from its plan to its first output, beside `runc run` of the same root file system in the same
// namespaces. Both are started one after another, in turns, from this process.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { openCgroups } from '../../node-agent/runtime/cgroups/open.ts'
import { buildContainerPlan } from '../../node-agent/runtime/container/build-plan.ts'
import { type CgroupAttachment } from '../../node-agent/runtime/container/container-spec.ts'
import { openExecStreams } from '../../node-agent/runtime/launcher/terminal.ts'
import { openSandboxes } from '../../node-agent/runtime/sandbox/open.ts'
import { type SandboxState } from '../../node-agent/runtime/sandbox/sandbox.ts'
import { LauncherFixture } from '../suites/launcher-harness.ts'
import { type Figure, median, spread } from './report.ts'

const runs = 300
const warmUp = 20
const pauseMs = 15
const argv = ['/bin/echo', 'hello']

export async function measureContainerStart(count = runs): Promise<Figure[]> {
  const fixture = await new LauncherFixture().open()
  const instance = `tb${process.pid.toString(36)}`
  const sandboxes = openSandboxes({
    instance,
    runDir: path.join(fixture.folder, 'ns'),
    stateDir: path.join(fixture.folder, 'network'),
  })
  const { cgroup } = openCgroups().create(`${instance}/container`, {})
  try {
    sandboxes.configureNetwork(`10.${100 + (process.pid % 100)}.77.0/24`)
    const sandbox = sandboxes.create({ id: 'bench', hostname: 'bench', network: 'pod', ipc: 'pod' })
    const runc = openRunc(fixture, sandbox)
    const [ours, theirs]: [number[], number[]] = [[], []]
    for (let run = -warmUp; run < count; run++) {
      // Pods come one by one, not in a tight loop: what the launcher does between two starts is not part of either.
      await delay(pauseMs)
      const ourMs = await startByLauncher(fixture, sandbox, cgroup.attachment())
      // A peer that is slower by an order is asked less often.
      const theirMs = runc !== undefined && run % 3 === 0 ? await runc(run) : undefined
      if (run < 0) continue
      ours.push(ourMs)
      if (theirMs !== undefined) theirs.push(theirMs)
    }
    const { retries } = await fixture.launcher.info()
    return [
      {
        what: `container start, plan to first output${retries === 0 ? '' : ` (${retries} retries)`}`,
        ours: spread(ours),
        ...(theirs.length > 0 && {
          peer: { name: 'runc run', value: spread(theirs), ratio: median(ours) / median(theirs) },
        }),
        goal: 'a fifth of runc',
      },
    ]
  } finally {
    await cgroup.remove()
    await openCgroups().open(instance).remove()
    sandboxes.tearDown()
    await fixture.close()
  }
}

async function firstOutput(stream: Readable, start: number): Promise<number> {
  await once(stream, 'data')
  return performance.now() - start
}

async function startByLauncher(
  fixture: LauncherFixture,
  { namespaces }: SandboxState,
  cgroup: CgroupAttachment,
): Promise<number> {
  const streams = openExecStreams({ stdin: false })
  const spec = fixture.spec(
    argv,
    { stdio: { kind: 'streams', ...streams.sources } },
    { namespaces: { ...namespaces, pid: 'new' }, cgroup },
  )
  const start = performance.now()
  const output = firstOutput(streams.stdout, start)
  await fixture.launcher.start(buildContainerPlan(spec))
  streams.started()
  const elapsedMs = await output
  await fixture.exitOf(spec.id)
  await fixture.launcher.acknowledge([spec.id])
  streams.close()
  rmSync(path.join(fixture.folder, 'containers', spec.id), { recursive: true })
  return elapsedMs
}

/** Undefined where runc isn't installed. */
function openRunc(
  fixture: LauncherFixture,
  { namespaces }: SandboxState,
): ((run: number) => Promise<number>) | undefined {
  if (spawnSync('runc', ['--version']).status !== 0) return undefined
  const bundle = path.join(fixture.folder, 'bundle')
  const state = path.join(fixture.folder, 'runc')
  mkdirSync(bundle)
  cpSync(fixture.layer, path.join(bundle, 'rootfs'), { recursive: true, verbatimSymlinks: true })
  spawnSync('runc', ['spec', '--bundle', bundle])
  const config = {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args: argv,
      env: ['PATH=/bin'],
      cwd: '/',
      capabilities: { bounding: ['CAP_KILL'], effective: ['CAP_KILL'], permitted: ['CAP_KILL'] },
    },
    root: { path: 'rootfs', readonly: false },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=65536k'] },
      {
        destination: '/dev/pts',
        type: 'devpts',
        source: 'devpts',
        options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'],
      },
      { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: ['nosuid', 'noexec', 'nodev', 'mode=1777'] },
      { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
      { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
      { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
    ],
    linux: {
      namespaces: [
        { type: 'pid' },
        { type: 'mount' },
        { type: 'cgroup' },
        { type: 'network', path: namespaces.network },
        { type: 'ipc', path: namespaces.ipc },
        { type: 'uts', path: namespaces.uts },
      ],
      maskedPaths: ['/proc/acpi', '/proc/kcore', '/proc/keys', '/proc/timer_list', '/sys/firmware'],
      readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
    },
  }
  writeFileSync(path.join(bundle, 'config.json'), JSON.stringify(config))
  return async run => {
    const start = performance.now()
    const child = spawn(
      'runc',
      ['--root', state, 'run', '--bundle', bundle, `${path.basename(fixture.folder)}${run}`],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    const elapsedMs = await firstOutput(child.stdout, start)
    if (child.exitCode === null) await once(child, 'exit')
    return elapsedMs
  }
}
