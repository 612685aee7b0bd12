import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { buildContainerPlan, buildExecPlan } from './build-plan.ts'
import { type ContainerSpec, type ProcessSpec } from './container-spec.ts'
import { InvalidSpecError } from './invalid-spec.ts'
import { type Step, type StepName } from './plan.ts'

const none = { kind: 'null' } as const

const baseProcess: ProcessSpec = {
  argv: ['server'],
  env: ['A=1'],
  user: { user: '', supplementaryGroups: [], mergeImageGroups: true },
  capabilities: { add: [], drop: [], ambient: [] },
  privileged: false,
  noNewPrivileges: false,
  stdio: { kind: 'streams', stdin: none, stdout: none, stderr: none },
}

const cgroup = {
  version: 1,
  files: ['/sys/fs/cgroup/pids/x/tasks', '/sys/fs/cgroup/memory/x/tasks'],
  hierarchies: [
    ['memory', 'memory'],
    ['systemd', 'name=systemd'],
  ],
} as const

const base: ContainerSpec = {
  id: 'c1',
  namespaces: { network: '/ns/net', ipc: '/ns/ipc', uts: '/ns/uts', pid: 'new' },
  root: {
    kind: 'overlay',
    lower: ['/layers/b', '/layers/a'],
    upper: '/c1/upper',
    work: '/c1/work',
  },
  readOnlyRoot: true,
  mounts: [],
  cgroup,
  process: baseProcess,
}

const device = { path: '/dev/x', type: 'char', major: 1, minor: 1, mode: 0o600, uid: 0, gid: 0, access: 'rw' } as const

const withProcess = (process: Partial<ProcessSpec>): ContainerSpec => ({
  ...base,
  process: { ...baseProcess, ...process },
})
const names = (steps: readonly Step[]): StepName[] => steps.map(step => step.do)

function find<K extends StepName>(steps: readonly Step[], name: K): Extract<Step, { do: K }> {
  const step = steps.find((each): each is Extract<Step, { do: K }> => each.do === name)
  assert.ok(step, `no step ${name}`)
  return step
}

function targets(steps: readonly Step[]): string[] {
  return steps.flatMap(step => (step.do === 'mountFileSystem' || step.do === 'bind' ? [step.target] : []))
}

describe('buildContainerPlan', () => {
  it('orders what depends on each other', () => {
    const order = names(buildContainerPlan(withProcess({ seccomp: 'AAAA', noNewPrivileges: true })).steps)
    const before = (first: StepName, second: StepName): void =>
      assert.ok(order.indexOf(first) < order.indexOf(second), `${first} before ${second}: ${order.join(' ')}`)
    before('joinNamespace', 'mountFileSystem')
    before('openStdio', 'enterRoot')
    before('joinCgroup', 'newNamespace')
    before('mountOverlay', 'enterStage')
    before('enterStage', 'mountFileSystem')
    before('resolveUser', 'enterRoot')
    before('makeDirectory', 'readOnlyRoot')
    before('readOnlyPaths', 'maskPaths')
    before('setResourceLimits', 'becomeUser')
    before('setNoNewPrivileges', 'setSeccomp')
    before('setSeccomp', 'becomeUser')
    assert.equal(order.at(-1), 'execute')
  })

  it('joins every cgroup before its namespace is made, memory last', () => {
    assert.deepEqual(find(buildContainerPlan(base).steps, 'joinCgroup').files, cgroup.files)
  })

  it('joins what the sandbox pins, and shares the host where it pins nothing', () => {
    const joined = buildContainerPlan(base).steps.flatMap(step =>
      step.do === 'joinNamespace' ? [[step.kind, step.path]] : [],
    )
    assert.deepEqual(joined, [
      ['net', '/ns/net'],
      ['ipc', '/ns/ipc'],
      ['uts', '/ns/uts'],
    ])
    const host = buildContainerPlan({ ...base, namespaces: { pid: 'host' } })
    assert.equal(host.pidNamespace, 'host')
    assert.ok(!names(host.steps).includes('joinNamespace'))
    const shared = buildContainerPlan({ ...base, namespaces: { pid: { pid: 7, startTime: 9 } } })
    assert.deepEqual(shared.pidNamespace, { pid: 7, startTime: 9 })
  })

  it('mounts what every container has, strictly, and a given /dev/shm instead of its own', () => {
    const { steps } = buildContainerPlan(base)
    assert.deepEqual(targets(steps), [
      '/proc',
      '/dev',
      '/dev/pts',
      '/dev/mqueue',
      '/dev/shm',
      '/sys',
      '/sys/fs/cgroup',
      '/sys/fs/cgroup/memory',
      '/sys/fs/cgroup/systemd',
    ])
    assert.ok(steps.every(step => step.do !== 'mountFileSystem' || step.strict))
    const shm = { kind: 'bind', source: '/ns/shm', target: '/dev/shm' } as const
    const shared = buildContainerPlan({ ...base, mounts: [shm] })
    assert.equal(targets(shared.steps).filter(target => target === '/dev/shm').length, 1)
    assert.equal(find(shared.steps, 'bind').source, '/ns/shm')
  })

  it('makes one node a path: what is given takes the place of what is standard', () => {
    const { steps } = buildContainerPlan({ ...base, devices: [device, { ...device, path: '/dev/tty' }] })
    const { devices } = find(steps, 'makeDevices')
    assert.equal(new Set(devices.map(node => node.path)).size, devices.length)
    const { access: _access, ...node } = device
    assert.deepEqual(
      devices.filter(({ minor, major }) => minor === 1 && major === 1),
      [{ ...node, path: '/dev/tty' }, node],
    )
  })

  it('gives a privileged container everything, unmasked', () => {
    const { steps } = buildContainerPlan(withProcess({ privileged: true, seccomp: 'AAAA' }))
    const order = names(steps)
    for (const absent of ['maskPaths', 'readOnlyPaths', 'setSeccomp'] as const)
      assert.ok(!order.includes(absent), absent)
    assert.ok(find(steps, 'becomeUser').capabilities.bounding.includes('CAP_SYS_ADMIN'))
    const sys = steps.find(step => step.do === 'mountFileSystem' && step.target === '/sys')
    assert.ok(sys?.do === 'mountFileSystem' && sys.flags.readOnly === false)
  })

  it('names what of the host its mounts show, in their order', () => {
    const bind = (target: string, propagation: 'shared' | 'slave') =>
      ({ kind: 'bind', source: `/host${target}`, target, propagation }) as const
    const { steps } = buildContainerPlan({ ...base, mounts: [bind('/a', 'shared'), bind('/b', 'slave')] })
    const { sources, shared } = find(steps, 'enterStage')
    assert.deepEqual([sources, shared], [['/host/a', '/host/b'], ['/host/a']])
    const order = names(steps)
    assert.ok(order.indexOf('joinPeers') > Math.max(order.lastIndexOf('maskPaths'), order.lastIndexOf('bind')))
    assert.equal(order.indexOf('joinPeers'), order.indexOf('enterRoot') - 1)
    assert.equal(names(buildContainerPlan(base).steps).includes('joinPeers'), false)
  })

  it('takes the image’s volumes before anything covers them, and attaches them in their turn', () => {
    const bind = { kind: 'bind', source: '/host/a', target: '/a' } as const
    const { steps } = buildContainerPlan({ ...base, mounts: [bind, { kind: 'image-volume', target: '/a/b' }] })
    assert.deepEqual(find(steps, 'takeVolumes').paths, ['/a/b'])
    const order = names(steps)
    assert.ok(order.indexOf('enterStage') < order.indexOf('takeVolumes'))
    assert.ok(order.indexOf('takeVolumes') < order.indexOf('mountFileSystem'))
    assert.ok(order.indexOf('bind') < order.indexOf('attachVolume'))
    assert.ok(order.indexOf('attachVolume') < order.indexOf('readOnlyRoot'))
    assert.equal(names(buildContainerPlan(base).steps).includes('takeVolumes'), false)
  })

  it('adds PATH where none is given, and leaves HOME to who knows the user', () => {
    assert.match(find(buildContainerPlan(base).steps, 'execute').env[0] ?? '', /^PATH=/)
    const own = buildContainerPlan(withProcess({ env: ['PATH=/x'] }))
    assert.deepEqual(find(own.steps, 'execute').env, ['PATH=/x'])
  })

  it('never puts capabilities into the inheritable set that are not ambient', () => {
    const { capabilities } = find(
      buildContainerPlan(
        withProcess({ capabilities: { add: ['NET_ADMIN'], drop: [], ambient: ['NET_ADMIN', 'SYS_TIME'] } }),
      ).steps,
      'becomeUser',
    )
    assert.deepEqual([capabilities.inheritable, capabilities.ambient], [['CAP_NET_ADMIN'], ['CAP_NET_ADMIN']])
  })

  it('is plain data that survives its way through JSON', () => {
    const plan = buildContainerPlan(withProcess({ stdio: { kind: 'terminal', columns: 80, rows: 24 }, oomScoreAdj: 5 }))
    assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan)
  })

  const refused: readonly (readonly [string, ContainerSpec, string])[] = [
    ['an id that is no file name', { ...base, id: '../x' }, 'id'],
    ['no command', withProcess({ argv: [] }), 'process.argv'],
    ['a NUL in an argument', withProcess({ argv: ['a', 'b\0c'] }), 'process.argv[1]'],
    ['an environment entry without =', withProcess({ env: ['A=1', 'B'] }), 'process.env[1]'],
    ['a NUL in the working directory', withProcess({ workingDirectory: '/a\0' }), 'process.workingDirectory'],
    ['an impossible oom_score_adj', withProcess({ oomScoreAdj: 1001 }), 'process.oomScoreAdj'],
    [
      'an unknown capability',
      withProcess({ capabilities: { add: ['FLY'], drop: [], ambient: [] } }),
      'process.capabilities.add',
    ],
    ['an unknown limit', withProcess({ limits: [{ name: 'luck', soft: 1, hard: 1 }] }), 'process.limits.luck'],
    ['a relative target', { ...base, mounts: [{ kind: 'tmpfs', target: 'x' }] }, 'mounts[0].target'],
    ['a mount over the root', { ...base, mounts: [{ kind: 'tmpfs', target: '//' }] }, 'mounts[0].target'],
    ['no layers', { ...base, root: { kind: 'overlay', lower: [], upper: '/u', work: '/w' } }, 'root.lower'],
    [
      'recursive read-only without read-only',
      { ...base, mounts: [{ kind: 'bind', source: '/a', target: '/a', recursiveReadOnly: true }] },
      'mounts[0].recursiveReadOnly',
    ],
    ['a device outside /dev', { ...base, devices: [{ ...device, path: '/etc/x' }] }, 'devices[0].path'],
  ]
  for (const [what, spec, field] of refused) {
    it(`refuses ${what}, naming ${field}`, () => {
      assert.throws(
        () => buildContainerPlan(spec),
        (error: unknown) =>
          error instanceof InvalidSpecError && error.field === field && error.message.startsWith(`${field}: `),
      )
    })
  }

  it('masks after every mount, whatever the volumes', () => {
    const mount = fc.record({ kind: fc.constant('tmpfs' as const), target: fc.webPath().map(path => `/v${path}`) })
    fc.assert(
      fc.property(fc.array(mount, { maxLength: 8 }), mounts => {
        const order = names(buildContainerPlan({ ...base, mounts }).steps)
        assert.ok(order.lastIndexOf('mountFileSystem') < order.indexOf('readOnlyPaths'))
      }),
      { numRuns: 50 },
    )
  })
})

describe('buildExecPlan', () => {
  const container = { pid: 42, startTime: 1234 }

  it('joins every namespace of the container before it looks anything up', () => {
    const plan = buildExecPlan({ id: 'e1', container, cgroup, process: baseProcess })
    assert.deepEqual(plan.pidNamespace, container)
    const order = names(plan.steps)
    assert.ok(order.indexOf('joinCgroup') < order.indexOf('joinProcess'))
    assert.ok(order.indexOf('joinProcess') < order.indexOf('useCurrentRoot'))
    assert.ok(order.indexOf('useCurrentRoot') < order.indexOf('resolveUser'))
    assert.deepEqual([...find(plan.steps, 'joinProcess').kinds].sort(), ['cgroup', 'ipc', 'mnt', 'net', 'uts'])
    assert.ok(!order.includes('enterRoot'))
    for (const { steps } of [plan, buildContainerPlan(base)]) assert.ok(names(steps).includes('newKeyring'))
  })
})
