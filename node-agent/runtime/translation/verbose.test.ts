import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NamespaceMode } from '../../../proto/gen/cri.ts'
import type { ContainerRecord, SandboxRecord } from '../records/records.ts'
import { containerInfo, sandboxInfo } from './verbose.ts'

const sandbox: SandboxRecord = {
  id: 's1',
  createdAtMs: 1,
  config: {
    metadata: { name: 'web', uid: 'u' },
    logDirectory: '/logs',
    labels: { camelCase: 'kept' },
    linux: { sysctls: { 'net.a': '1' }, securityContext: { namespaceOptions: { pid: NamespaceMode.POD } } },
  },
  runtimeHandler: '',
  spec: { id: 's1', hostname: 'web', network: 'pod', ipc: 'pod' },
  cgroupParent: 'kubepods/podu',
  state: { id: 's1', namespaces: { network: '/ns/net', ipc: '/ns/ipc', uts: '/ns/uts' }, addresses: ['10.0.0.2'] },
  init: { pid: 41, startTime: 1 },
}

const container: ContainerRecord = {
  id: 'c1',
  sandboxId: 's1',
  createdAtMs: 1,
  config: { metadata: { name: 'c' }, workingDir: '/w', linux: { resources: { memoryLimitInBytes: 5 } } },
  imageId: 'i',
  imageRef: 'i',
  cgroupPath: 'kubepods/podu/c1',
  stopSignal: 15,
  spec: {
    id: 'c1',
    namespaces: { network: '/ns/net', pid: 'new' },
    root: { kind: 'overlay', lower: ['/l'], upper: '/u', work: '/w' },
    readOnlyRoot: false,
    mounts: [{ kind: 'bind', source: '/host', target: '/m', flags: { readOnly: true } }],
    process: {
      argv: ['run'],
      env: ['A=b'],
      workingDirectory: '/w',
      user: { user: '', supplementaryGroups: [], mergeImageGroups: true },
      capabilities: { add: [], drop: [], ambient: [] },
      privileged: false,
      noNewPrivileges: true,
      stdio: { kind: 'terminal', columns: 80, rows: 24 },
    },
  },
  made: true,
  start: { pid: 42, startTime: 1, startedAtMs: 2, user: { uid: 7, gid: 8, supplementaryGroups: [9] } },
}

const info = (verbose: Record<string, string>): unknown => JSON.parse(verbose['info'] ?? '')

test('a container’s tells its process, as containerd’s does', () => {
  assert.deepEqual(info(containerInfo(container)), {
    sandboxID: 's1',
    pid: 42,
    removing: false,
    runtimeType: 'tessera',
    config: { metadata: { name: 'c' }, working_dir: '/w', linux: { resources: { memory_limit_in_bytes: 5 } } },
    runtimeSpec: {
      ociVersion: '1.2.0',
      process: {
        terminal: true,
        user: { uid: 7, gid: 8, additionalGids: [9] },
        args: ['run'],
        env: ['A=b'],
        cwd: '/w',
        noNewPrivileges: true,
      },
      root: { path: '/u', readonly: false },
      mounts: [{ destination: '/m', type: 'bind', source: '/host', options: ['rbind', 'rprivate', 'ro'] }],
      linux: {
        cgroupsPath: '/kubepods/podu/c1',
        namespaces: [{ type: 'pid' }, { type: 'network', path: '/ns/net' }, { type: 'mount' }, { type: 'cgroup' }],
        resources: { cpu: {}, memory: { limit: 5 } },
      },
    },
  })
  const ended = { ...container, exit: { finishedAtMs: 3, exitCode: 0, reason: 'Completed', message: '' } }
  assert.equal((info(containerInfo(ended)) as { pid: number }).pid, 0)
})

test('a sandbox’s tells its namespaces, and its process where it has one', () => {
  assert.deepEqual(info(sandboxInfo(sandbox)), {
    pid: 41,
    processStatus: 'running',
    netNamespaceClosed: false,
    runtimeHandler: '',
    runtimeType: 'tessera',
    config: {
      metadata: { name: 'web', uid: 'u' },
      log_directory: '/logs',
      labels: { camelCase: 'kept' },
      linux: { sysctls: { 'net.a': '1' }, security_context: { namespace_options: { pid: 0 } } },
    },
    runtimeSpec: {
      ociVersion: '1.2.0',
      hostname: 'web',
      linux: {
        cgroupsPath: '/kubepods/podu',
        namespaces: [
          { type: 'pid', path: '/proc/41/ns/pid' },
          { type: 'network', path: '/ns/net' },
          { type: 'ipc', path: '/ns/ipc' },
          { type: 'uts', path: '/ns/uts' },
        ],
      },
    },
    sandboxMetadata: { ID: 's1', NetNSPath: '/ns/net', IP: '10.0.0.2' },
  })
  const { init: _init, ...without } = sandbox
  assert.equal((info(sandboxInfo(without)) as { pid: number }).pid, 0)
  const stopped = info(sandboxInfo({ ...sandbox, notReady: true })) as Record<string, unknown>
  assert.deepEqual([stopped['pid'], stopped['processStatus'], stopped['netNamespaceClosed']], [0, 'deleted', true])
})
