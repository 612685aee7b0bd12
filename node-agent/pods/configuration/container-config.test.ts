// What the runtime is asked for as a whole.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { container, host, makePod } from '../testing.ts'
import { containerConfig } from './container-config.ts'
import { sandboxConfig } from './sandbox-config.ts'

describe('what the runtime is asked for', () => {
  it('names the pod, its logs and its cgroup', () => {
    const mapped = (containerPort: number) => ({ ports: [{ containerPort, hostPort: 8000 + containerPort }] })
    const pod = makePod({
      initContainers: [container('step', mapped(82)), container('side', { ...mapped(83), restartPolicy: 'Always' })],
      containers: [container('main', { ports: [{ containerPort: 80, hostPort: 8080 }, { containerPort: 81 }] })],
      securityContext: { sysctls: [{ name: 'net/ipv4/tcp_syncookies', value: '1' }] },
    })
    const made = sandboxConfig(pod, {
      attempt: 1,
      hostname: 'web',
      dns: {},
      logRoot: '/logs',
      cgroupRoot: 'tessera',
      host,
      podPidsLimit: 0,
    })
    assert.deepEqual(made.metadata, { name: 'web', namespace: 'default', uid: 'uid-1', attempt: 1 })
    assert.equal(made.logDirectory, '/logs/default_web_uid-1')
    assert.equal(made.linux?.cgroupParent, 'tessera/besteffort/poduid-1')
    assert.deepEqual(
      made.portMappings?.map(({ hostPort, containerPort }) => [hostPort, containerPort]),
      [
        [8083, 83],
        [8080, 80],
      ],
      'of init containers only those that stay',
    )
    assert.deepEqual(made.linux.sysctls, { 'net.ipv4.tcp_syncookies': '1' })
  })

  it('has its command and arguments expanded', () => {
    const spec = container('main', {
      command: ['run', '$(A)'],
      args: ['$$(A)'],
      lifecycle: { stopSignal: 'SIGRTMIN+3' },
    })
    const made = containerConfig(makePod(), spec, {
      attempt: 2,
      backoffMs: 10_000,
      imageRef: 'sha256:1',
      imageUser: { uid: undefined, username: '' },
      seccompRoot: '/node/seccomp',
      hiddenPaths: [],
      environment: new Map([['A', 'a']]),
      mounts: [],
      resources: {},
    })
    assert.deepEqual([made.command, made.args], [['run', 'a'], ['$(A)']])
    assert.equal(made.logPath, 'main/2.log')
    assert.equal(made.stopSignal, 38)
    assert.equal(made.annotations?.['tessera.dev/restart-backoff-ms'], '10000')
  })
})
