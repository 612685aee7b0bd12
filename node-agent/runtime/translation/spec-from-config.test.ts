import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { describe, test } from 'node:test'
import {
  type ContainerConfig,
  type LinuxContainerSecurityContext,
  MountPropagation,
  NamespaceMode,
  SecurityProfileProfileType,
  Signal,
  SupplementalGroupsPolicy,
} from '../../../proto/gen/cri.ts'
import type { ImageConfig } from '../images/image-config.ts'
import { outputPaths } from '../logs/container-log.ts'
import type { SandboxRecord } from '../records/records.ts'
import { cgroupLimits, mergeResources, podLimits } from './resources.ts'
import { criSignal, criSignalNumber, signalNumber, stopSignalOf } from './signals.ts'
import { containerSpec } from './spec-from-config.ts'

const image: ImageConfig = {
  architecture: 'amd64',
  os: 'linux',
  diffIds: [],
  user: '',
  env: ['PATH=/bin', 'A=image'],
  entrypoint: ['/entry'],
  command: ['default'],
  workingDirectory: '/srv',
  stopSignal: '',
  labels: {},
  volumes: [],
}
const sandbox: SandboxRecord = {
  id: 's',
  createdAtMs: 0,
  config: { linux: { securityContext: { privileged: true } } },
  runtimeHandler: '',
  spec: { id: 's', hostname: 'web', network: 'pod', ipc: 'pod' },
  cgroupParent: 'p',
  state: {
    id: 's',
    namespaces: { network: '/ns/net', ipc: '/ns/ipc', uts: '/ns/uts' },
    addresses: [],
    shmPath: '/shm/s',
  },
}

function spec(config: ContainerConfig, more: Partial<Parameters<typeof containerSpec>[0]> = {}) {
  return containerSpec({
    id: 'c',
    config,
    sandbox,
    image,
    lowerDirectories: ['/top', '/base'],
    folder: '/state/c',
    sandboxFolder: '/state/s',
    outputs: outputPaths('/io', 'c'),
    cgroup: { version: 2, files: [], hierarchies: [] },
    devices: path =>
      path === '/dev/fuse' ? [{ path, type: 'char', major: 10, minor: 229, mode: 0o666, uid: 0, gid: 0 }] : [],
    allDevices: () => [{ path: '/dev/kmsg', type: 'char', major: 1, minor: 11, mode: 0o644, uid: 0, gid: 0 }],
    seccomp: (capabilities, file) => `filter:${file ?? 'default'}:${capabilities.length}`,
    ...more,
  })
}
const secured = (securityContext: LinuxContainerSecurityContext, more: ContainerConfig = {}) =>
  spec({ ...more, linux: { securityContext } })

describe('what runs', () => {
  test('command and arguments replace what the image says, as CRI says', () => {
    const cases: [ContainerConfig, string[]][] = [
      [{}, ['/entry', 'default']],
      [{ args: ['x'] }, ['/entry', 'x']],
      [{ command: ['/c'] }, ['/c']],
      [{ command: ['/c'], args: ['x'] }, ['/c', 'x']],
    ]
    for (const [config, argv] of cases) assert.deepEqual(spec(config).process.argv, argv)
    assert.throws(() => spec({}, { image: { ...image, entrypoint: [], command: [] } }), /says what to run/)
  })

  test('variables: the image’s, HOSTNAME, the container’s own', () => {
    assert.deepEqual(spec({ envs: [{ key: 'A', value: 'own' }, { key: 'E' }] }).process.env, [
      'PATH=/bin',
      'A=own',
      'HOSTNAME=web',
      'E=',
    ])
    assert.deepEqual(spec({ tty: true }).process.env[0], 'TERM=xterm')
    assert.throws(() => spec({ envs: [{ key: 'a=b', value: '' }] }), /envs\[0\].key/)
    assert.throws(() => spec({ envs: [{ key: 'a', value: 'x\0y' }] }), /envs\[0\].value: has a zero byte/)
  })

  test('the working directory is the container’s as it stands, else the image’s, from the root', () => {
    assert.equal(spec({}).process.workingDirectory, '/srv')
    assert.equal(spec({ workingDir: '/tmp' }).process.workingDirectory, '/tmp')
    assert.equal(spec({ workingDir: 'rel' }).process.workingDirectory, 'rel')
    assert.equal(spec({}, { image: { ...image, workingDirectory: 'app' } }).process.workingDirectory, '/app')
    assert.equal(spec({}, { image: { ...image, workingDirectory: '' } }).process.workingDirectory, '/')
  })

  test('users: number, name, group, or the image’s', () => {
    const named: ImageConfig = { ...image, user: 'app:staff' }
    const user = (security: LinuxContainerSecurityContext) =>
      spec({ linux: { securityContext: security } }, { image: named }).process.user
    assert.equal(user({}).user, 'app:staff')
    assert.equal(user({ runAsUser: { value: 0 } }).user, '0')
    assert.equal(user({ runAsUser: {} }).user, '0')
    assert.equal(user({ runAsUser: { value: 7 }, runAsGroup: { value: 8 } }).user, '7:8')
    assert.equal(user({ runAsUsername: 'me', runAsGroup: {} }).user, 'me:0')
    assert.throws(() => user({ runAsGroup: { value: 8 } }), /run_as_group: needs run_as_user/)
    assert.throws(() => user({ runAsUser: { value: -1 } }), { code: 'invalid', message: /run_as_user: -1 is not/ })
    assert.throws(() => user({ runAsUser: {}, runAsGroup: { value: 2 ** 31 } }), /run_as_group: 2147483648 is not/)
    assert.deepEqual(user({ supplementalGroups: [1, 2] }), {
      user: 'app:staff',
      supplementaryGroups: [1, 2],
      mergeImageGroups: true,
    })
    assert.equal(user({ supplementalGroupsPolicy: SupplementalGroupsPolicy.Strict }).mergeImageGroups, false)
  })

  test('streams are held FIFOs, or a terminal', () => {
    assert.deepEqual(spec({}).process.stdio, {
      kind: 'streams',
      stdin: { kind: 'null' },
      stdout: { kind: 'fifo', path: '/io/c/stdout', hold: true },
      stderr: { kind: 'fifo', path: '/io/c/stderr', hold: true },
    })
    assert.equal(spec({ tty: true }).process.stdio.kind, 'terminal')
    const { stdio } = spec({ stdin: true }).process
    assert.deepEqual(stdio.kind === 'streams' && stdio.stdin, { kind: 'fifo', path: '/io/c/stdin', hold: true })
  })
})

describe('isolation', () => {
  test('namespaces: the sandbox’s, and PID by mode', () => {
    const pid = (mode: NamespaceMode, sharedPid?: { pid: number; startTime: number }) =>
      spec({ linux: { securityContext: { namespaceOptions: { pid: mode } } } }, { ...(sharedPid && { sharedPid }) })
        .namespaces.pid
    const shared = { pid: 5, startTime: 6 }
    assert.deepEqual(spec({}).namespaces, { network: '/ns/net', ipc: '/ns/ipc', uts: '/ns/uts', pid: 'new' })
    assert.equal(pid(NamespaceMode.CONTAINER), 'new')
    assert.equal(pid(NamespaceMode.NODE), 'host')
    assert.throws(() => pid(NamespaceMode.POD), /options\.pid: POD, but the sandbox was made without it/)
    assert.deepEqual(pid(NamespaceMode.POD, shared), shared)
    assert.deepEqual(pid(NamespaceMode.TARGET, shared), shared)
    assert.throws(() => pid(NamespaceMode.TARGET), /target_id: that container does not run/)
    const userns = { namespaceOptions: { usernsOptions: { mode: NamespaceMode.POD } } }
    assert.throws(() => secured(userns), { code: 'unsupported' })
    assert.equal(
      secured({ namespaceOptions: { usernsOptions: { mode: NamespaceMode.NODE }, pid: 1 } }).namespaces.pid,
      'new',
    )
  })

  test('masked and read-only paths: the default without a security context, else what it says', () => {
    assert.equal('maskedPaths' in spec({}), false)
    assert.deepEqual(secured({}).maskedPaths, [])
    assert.deepEqual(secured({ maskedPaths: ['/m'], readonlyPaths: ['/r'] }).readOnlyPaths, ['/r'])
  })

  test('numbers that mean nothing are refused, not taken for another', () => {
    // As a client of a later version sends them.
    const later = (text: string) => JSON.parse(text) as LinuxContainerSecurityContext
    const wrong = [
      ['{"seccomp":{"profileType":7}}', 'seccomp.profile_type'],
      ['{"apparmor":{"profileType":7}}', 'apparmor.profile_type'],
      ['{"namespaceOptions":{"pid":7}}', 'namespace_options.pid'],
      ['{"supplementalGroupsPolicy":7}', 'supplemental_groups_policy'],
    ] as const
    for (const [text, field] of wrong) {
      const message = new RegExp(`^linux\\.security_context\\.${field}: 7 means nothing here`)
      assert.throws(() => secured(later(text)), { code: 'invalid', message }, text)
    }
  })

  test('seccomp by profile', () => {
    const { RuntimeDefault, Unconfined, Localhost } = SecurityProfileProfileType
    assert.equal(secured({ seccomp: { profileType: RuntimeDefault } }).process.seccomp, 'filter:default:14')
    // RuntimeDefault is zero on the wire.
    assert.equal(secured({ seccomp: {} }).process.seccomp, 'filter:default:14')
    assert.equal(secured({ seccomp: { profileType: Unconfined } }).process.seccomp, undefined)
    assert.equal(secured({}).process.seccomp, undefined)
    assert.equal(
      secured({ seccomp: { profileType: Localhost, localhostRef: '/p.json' } }).process.seccomp,
      'filter:/p.json:14',
    )
    assert.equal(
      secured({ seccomp: {}, capabilities: { dropCapabilities: ['ALL'] } }).process.seccomp,
      'filter:default:0',
    )
    assert.throws(() => secured({ seccomp: {}, capabilities: { addCapabilities: ['NETADM'] } }), {
      code: 'invalid',
      message: /^linux\.security_context\.capabilities: "NETADM" is no capability/,
    })
    assert.equal(secured({ privileged: true, seccomp: {} }).process.seccomp, undefined)
  })

  test('privileged needs a privileged sandbox', () => {
    assert.equal(secured({ privileged: true }).process.privileged, true)
    const plain = { ...sandbox, config: {} }
    const config = { linux: { securityContext: { privileged: true } } }
    assert.throws(() => spec(config, { sandbox: plain }), /was not made for privileged/)
  })

  test('capabilities, no_new_privs and read-only root pass on', () => {
    const made = secured({
      capabilities: { addCapabilities: ['ALL'], dropCapabilities: ['NET_RAW'] },
      noNewPrivs: true,
      readonlyRootfs: true,
    })
    assert.deepEqual(made.process.capabilities, { add: ['ALL'], drop: ['NET_RAW'], ambient: [] })
    assert.deepEqual([made.process.noNewPrivileges, made.readOnlyRoot], [true, true])
    const etc = made.mounts.filter(mount => mount.target.startsWith('/etc/'))
    assert.deepEqual(
      etc.map(mount => mount.kind === 'bind' && mount.flags),
      [{ readOnly: true }, { readOnly: true }, { readOnly: true }],
    )
  })
})

describe('mounts and devices', () => {
  test('the sandbox’s files, then the container’s, shallow before deep, the container’s own winning', () => {
    const mounts = spec({
      mounts: [
        { containerPath: '/a/b/c', hostPath: '/deep' },
        { containerPath: '/a', hostPath: '/shallow', readonly: true },
        { containerPath: '/etc/hostname', hostPath: '/mine' },
      ],
    }).mounts
    assert.deepEqual(
      mounts.map(mount => [mount.target, mount.kind === 'bind' ? mount.source : '']),
      [
        ['/a', '/shallow'],
        ['/etc/hosts', '/state/s/hosts'],
        ['/etc/resolv.conf', '/state/s/resolv.conf'],
        ['/dev/shm', '/shm/s'],
        ['/etc/hostname', '/mine'],
        ['/a/b/c', '/deep'],
      ],
    )
    assert.deepEqual(mounts[0]?.kind === 'bind' && mounts[0].flags, { readOnly: true })
  })

  test('volumes of the image, but where the container mounts something itself', () => {
    const volumes = ['/var/data/deep', 'rel/', '/var/data', '/srv', '/', '/srv/']
    const { mounts } = spec(
      { mounts: [{ containerPath: '/srv', hostPath: '/mine' }] },
      { image: { ...image, volumes } },
    )
    assert.deepEqual(
      mounts.filter(mount => !/^\/(etc|dev)\//.test(mount.target)).map(mount => [mount.kind, mount.target]),
      [
        ['image-volume', '/rel'],
        ['bind', '/srv'],
        ['image-volume', '/var/data'],
        ['image-volume', '/var/data/deep'],
      ],
    )
  })

  test('propagation and recursive read-only', () => {
    const mount = (more: object) => spec({ mounts: [{ containerPath: '/m', hostPath: '/h', ...more }] }).mounts[0]
    assert.deepEqual(mount({ propagation: MountPropagation.PROPAGATION_BIDIRECTIONAL }), {
      kind: 'bind',
      source: '/h',
      target: '/m',
      flags: {},
      propagation: 'shared',
    })
    const recursive = mount({ readonly: true, recursiveReadOnly: true })
    assert.equal(recursive?.kind === 'bind' && recursive.recursiveReadOnly, true)
    assert.throws(() => mount({ recursiveReadOnly: true }), /recursive_read_only: needs readonly/)
  })

  test('bad mounts are told by index', () => {
    const cases: [object, RegExp][] = [
      [{ containerPath: '', hostPath: '/h' }, /mounts\[0\].container_path: is empty/],
      [{ containerPath: '/', hostPath: '/h' }, /place of the root/],
      [{ containerPath: '/m', hostPath: 'h' }, /host_path: "h" is not absolute/],
      [{ containerPath: '/m', hostPath: '', image: { image: 'x' } }, /image volumes are not supported/],
    ]
    for (const [mount, message] of cases) assert.throws(() => spec({ mounts: [mount] }), message)
  })

  test('devices are found on the host', () => {
    assert.deepEqual(
      spec({ devices: [{ hostPath: '/dev/fuse', containerPath: '/dev/f' }] }).devices?.map(node => node.path),
      ['/dev/f'],
    )
    assert.throws(() => spec({ devices: [{ hostPath: '/dev/nope' }] }), /devices\[0\].host_path: there is no device/)
    const access = (permissions?: string) =>
      spec({ devices: [{ hostPath: '/dev/fuse', permissions }] }).devices?.map(device => device.access)
    assert.deepEqual([access(), access('mr')], [['rwm'], ['mr']])
    assert.throws(() => access('x'), /devices\[0\].permissions: "x" is not made of r, w, m/)
  })

  test('a privileged container has those of the machine, and what it is given in addition', () => {
    const { devices } = spec({
      devices: [{ hostPath: '/dev/fuse' }],
      linux: { securityContext: { privileged: true } },
    })
    assert.deepEqual(
      devices?.map(node => node.path),
      ['/dev/kmsg', '/dev/fuse'],
    )
  })
})

describe('resources and signals', () => {
  test('CRI’s zero says nothing', () => {
    assert.deepEqual(cgroupLimits(undefined), {})
    assert.deepEqual(cgroupLimits({ cpuShares: 0, cpuQuota: -1, memoryLimitInBytes: 5, cpusetCpus: '0-1' }), {
      cpuQuotaUs: -1,
      memoryLimitBytes: 5,
      cpusetCpus: '0-1',
    })
    assert.deepEqual(cgroupLimits({ unified: { 'pids.max': '9', 'memory.high': '1' } }), {
      pidsLimit: 9,
      unified: { 'memory.high': '1' },
    })
    assert.equal(cgroupLimits({ unified: { 'pids.max': 'max' } }).pidsLimit, -1)
  })

  test('huge pages by size, none included', () => {
    const hugepageLimits = [{ pageSize: '2MB', limit: 4 << 20 }, { pageSize: '1GB' }]
    assert.deepEqual(cgroupLimits({ hugepageLimits }), {
      hugePages: [
        { pageSize: '2MB', limitBytes: 4 << 20 },
        { pageSize: '1GB', limitBytes: 0 },
      ],
    })
    assert.throws(() => cgroupLimits({ hugepageLimits: [{ pageSize: '../x' }] }), /hugepage_limits\[0\].page_size/)
  })

  test('a pod’s cgroup has room for its overhead, where it is limited', () => {
    const resources = { cpuShares: 512, cpuQuota: 50_000, cpuPeriod: 100_000, memoryLimitInBytes: 1000 }
    const overhead = { cpuShares: 102, cpuQuota: 5000, cpuPeriod: 50_000, memoryLimitInBytes: 24 }
    assert.deepEqual(podLimits({ resources }), cgroupLimits(resources))
    assert.deepEqual(podLimits({ resources, overhead }), {
      cpuShares: 614,
      cpuQuotaUs: 60_000,
      cpuPeriodUs: 100_000,
      memoryLimitBytes: 1024,
    })
    assert.deepEqual(podLimits({ resources: { cpuShares: 2, cpuQuota: -1 }, overhead }), {
      cpuShares: 104,
      cpuQuotaUs: -1,
    })
    assert.deepEqual(podLimits({ overhead }), {})
  })

  test('an update keeps what it does not say', () => {
    const old = { cpuShares: 2, memoryLimitInBytes: 10, unified: { a: '1' } }
    assert.deepEqual(mergeResources(old, { cpuShares: 4, memoryLimitInBytes: 0, unified: { b: '2' } }), {
      cpuShares: 4,
      memoryLimitInBytes: 10,
      unified: { a: '1', b: '2' },
    })
  })

  test('signals by every spelling, and there and back', () => {
    const cases: [string, number | undefined][] = [
      ['SIGTERM', 15],
      ['quit', 3],
      ['9', 9],
      ['SIGRTMIN+3', 37],
      ['RTMAX-1', 63],
      ['SIGRTMIN+99', undefined],
      ['SIGNOPE', undefined],
      ['0', undefined],
      ['99', undefined],
    ]
    for (const [text, number] of cases) assert.equal(signalNumber(text), number, text)
    for (const [name, value] of Object.entries(Signal)) {
      if (value === Signal.RUNTIME_DEFAULT) continue
      const number = criSignalNumber(value)
      assert.ok(number !== undefined && number >= 1 && number <= 64, name)
      assert.equal(criSignalNumber(criSignal(number)), number, name)
    }
    assert.equal(stopSignalOf(undefined, ''), constants.signals.SIGTERM)
    assert.equal(stopSignalOf(Signal.RUNTIME_DEFAULT, 'SIGQUIT'), constants.signals.SIGQUIT)
    assert.equal(stopSignalOf(Signal.SIGUSR1, 'SIGQUIT'), constants.signals.SIGUSR1)
  })
})
