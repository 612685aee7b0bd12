import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { isStatus } from '../../api/errors.ts'
import { configMaps } from '../../api/kinds/core-v1/config-map.ts'
import { pods } from '../../api/kinds/core-v1/pod.ts'
import { RuntimeError } from '../../client/runtime.ts'
import type { ExecSyncRequest } from '../../proto/gen/cri.ts'
import type { Pod } from './planning/situation.ts'
import { container, eventually } from './testing.ts'
import { type Harness, harness } from './testing-node.ts'

const condition = (pod: Pod, type: string): string | undefined =>
  pod.status.conditions?.find(candidate => candidate.type === type)?.status

async function isGone(h: Harness): Promise<void> {
  await assert.rejects(h.get(), error => isStatus(error, 'NotFound'))
}

describe('pods of a node', () => {
  it('runs a bound pod and reports it Running and ready', async t => {
    const h = harness(t)
    h.start()
    await h.apply({ containers: [container('a'), container('b')] })
    await eventually(async () => {
      const { status } = await h.get()
      assert.equal(status.phase, 'Running')
      assert.equal(status.podIP, '10.244.0.1')
      assert.equal(status.hostIP, '192.0.2.1')
    })
    const pod = await h.get()
    for (const type of ['PodReadyToStartContainers', 'Initialized', 'ContainersReady', 'Ready', 'PodScheduled']) {
      assert.equal(condition(pod, type), 'True', type)
    }
    assert.deepEqual(h.runtime.running().sort(), ['a', 'b'])
    assert.equal(pod.status.containerStatuses?.[0]?.containerID?.startsWith('tessera://'), true)
    assert.equal(pod.status.qosClass, 'BestEffort')
    for (const reason of ['Pulled', 'Created', 'Started']) {
      assert.equal(h.events.filter(event => event.startsWith(`Normal ${reason}:`)).length, 2, reason)
    }
  })

  it('writes one status for a pod that starts without delay', async t => {
    let writes = 0
    const h = harness(t, {
      client: {
        before: ({ subresource }) => {
          if (subresource === 'status') writes++
        },
      },
    })
    h.start()
    await h.apply({})
    await eventually(async () => assert.equal((await h.get()).status.phase, 'Running'))
    await new Promise(resolve => setTimeout(resolve, 300))
    assert.equal(writes, 1)
  })

  it('ends a deleted pod and leaves nothing of it', async t => {
    const h = harness(t)
    h.start()
    const main = container('main', { volumeMounts: [{ name: 'data', mountPath: '/data' }] })
    const { metadata } = await h.apply({ volumes: [{ name: 'data', emptyDir: {} }], containers: [main] })
    await eventually(async () => assert.equal((await h.get()).status.phase, 'Running'))
    const podDir = path.join(h.root, 'node', 'pods', metadata.uid)
    assert.equal(existsSync(path.join(podDir, 'volumes', 'data')), true)
    await h.client.delete(pods, { namespace: 'default', name: 'web' })
    await eventually(() => isGone(h))
    await eventually(() => {
      assert.equal(h.runtime.sandboxes.size, 0)
      assert.equal(h.runtime.containers.size, 0)
      assert.equal(existsSync(podDir), false)
      assert.equal(existsSync(path.join(h.root, 'logs', `default_web_${metadata.uid}`)), false)
    })
    assert.equal(h.events.includes('Normal Killing: Stopping container main'), true)
  })

  it('kills at once what was deleted by force, with the least grace there is', async t => {
    const h = harness(t)
    h.start()
    await h.apply({ terminationGracePeriodSeconds: 90 })
    await eventually(async () => assert.equal((await h.get()).status.phase, 'Running'))
    await h.client.delete(pods, { namespace: 'default', name: 'web' }, { gracePeriodSeconds: 0 })
    await eventually(() => assert.equal(h.runtime.sandboxes.size, 0))
    assert.deepEqual(
      h.runtime.stops.map(({ timeout }) => timeout),
      [2],
    )
  })

  it('restarts what crashes, later each time, and says so', async t => {
    const h = harness(t, { speed: 100 })
    h.start()
    await h.apply({})
    await eventually(() => assert.deepEqual(h.runtime.running(), ['main']))
    h.runtime.exit('main', 3)
    await eventually(async () => {
      const status = (await h.get()).status.containerStatuses?.[0]
      assert.equal(status?.restartCount, 1)
      assert.equal(status.lastState.terminated?.exitCode, 3)
      assert.equal(status.lastState.terminated.reason, 'Error')
    })
    await eventually(() => assert.deepEqual(h.runtime.running(), ['main']))
    h.runtime.exit('main', 3)
    await eventually(async () => {
      const { waiting } = (await h.get()).status.containerStatuses?.[0]?.state ?? {}
      assert.equal(waiting?.reason, 'CrashLoopBackOff')
      assert.match(waiting.message ?? '', /^back-off 10s restarting failed container=main pod=web_default\(/)
    })
    assert.equal(condition(await h.get(), 'Ready'), 'False')
    await eventually(async () => assert.equal((await h.get()).status.containerStatuses?.[0]?.restartCount, 2))
    assert.equal(
      h.events.some(event => event.startsWith('Warning BackOff: Back-off restarting failed container main')),
      true,
    )
  })

  it('reports a finished pod Succeeded, or Failed, and keeps it', async t => {
    const h = harness(t)
    h.start()
    await h.apply({ restartPolicy: 'Never' })
    await h.apply({ restartPolicy: 'Never', containers: [container('bad')] }, { name: 'bad' })
    await eventually(() => assert.deepEqual(h.runtime.running().sort(), ['bad', 'main']))
    h.runtime.exit('main', 0)
    h.runtime.exit('bad', 137, 'OOMKilled')
    await eventually(async () => {
      const pod = await h.get()
      assert.equal(pod.status.phase, 'Succeeded')
      assert.equal(pod.status.containerStatuses?.[0]?.state.terminated?.reason, 'Completed')
      const bad = await h.get('bad')
      assert.equal(bad.status.phase, 'Failed')
      assert.equal(bad.status.containerStatuses?.[0]?.state.terminated?.reason, 'OOMKilled')
    })
  })

  it('ends a pod whose time is over', async t => {
    const h = harness(t, { speed: 20 })
    h.start()
    await h.apply({ activeDeadlineSeconds: 10 })
    await eventually(async () => {
      const { status } = await h.get()
      assert.equal(status.phase, 'Failed')
      assert.equal(status.reason, 'DeadlineExceeded')
      const told = 'Normal DeadlineExceeded: Pod was active on the node longer than the specified deadline'
      assert.equal(h.events.filter(event => event === told).length, 2)
    })
    assert.deepEqual(h.runtime.running(), [])
  })

  it('waits for what is missing and starts when it is there', async t => {
    const h = harness(t)
    h.start()
    await h.apply({
      containers: [container('main', { volumeMounts: [{ name: 'cfg', mountPath: '/cfg' }] })],
      volumes: [{ name: 'cfg', configMap: { name: 'settings' } }],
    })
    await eventually(() =>
      assert.equal(
        h.events.includes(
          'Warning FailedMount: MountVolume.SetUp failed for volume "cfg" : configmap "settings" not found',
        ),
        true,
      ),
    )
    const made = await h.client.create(configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: 'default', name: 'settings' },
      data: { key: 'one' },
    })
    await eventually(() => assert.deepEqual(h.runtime.running(), ['main']))
    const [request] = h.runtime.configs.values()
    const mounted = request?.config?.mounts?.find(({ containerPath }) => containerPath === '/cfg')?.hostPath ?? ''
    assert.equal(readFileSync(path.join(mounted, 'key'), 'utf8'), 'one')
    await h.client.update(configMaps, { ...made, data: { key: 'two' } })
    await eventually(() => assert.equal(readFileSync(path.join(mounted, 'key'), 'utf8'), 'two'))
  })

  it('says what stands in the way of a container', async t => {
    const h = harness(t)
    h.start()
    await h.apply({
      containers: [
        container('env', { env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] }),
        container('pull', { image: 'nowhere:1', imagePullPolicy: 'Never' }),
      ],
    })
    await eventually(async () => {
      const [env, pull] = (await h.get()).status.containerStatuses ?? []
      assert.equal(env?.state.waiting?.reason, 'CreateContainerConfigError')
      assert.equal(env.state.waiting.message, 'secret "s" not found')
      assert.equal(pull?.state.waiting?.reason, 'ErrImageNeverPull')
    })
  })

  it('tells of images it may not or cannot fetch, and of pull secrets that are missing', async t => {
    const h = harness(t)
    h.start()
    const never = { imagePullPolicy: 'Never' as const }
    await h.apply({
      containers: [container('a', { image: 'a b' }), container('b', { image: 'none:1', ...never })],
      imagePullSecrets: [{ name: 'key' }, { name: 'other' }],
    })
    const unreadable = `Failed to apply default image tag "a b": couldn't parse image name "a b": invalid reference format`
    await eventually(async () =>
      assert.deepEqual(
        (await h.get()).status.containerStatuses?.map(({ state }) => state.waiting),
        [
          { reason: 'InvalidImageName', message: unreadable },
          {
            reason: 'ErrImageNeverPull',
            message: 'Container image "none:1" is not present with pull policy of Never',
          },
        ],
      ),
    )
    for (const event of [
      `InspectFailed: ${unreadable}`,
      'Failed: Error: InvalidImageName',
      'ErrImageNeverPull: Container image "none:1" is not present with pull policy of Never',
      'Failed: Error: ErrImageNeverPull',
      'FailedToRetrieveImagePullSecret: Unable to retrieve some image pull secrets (key, other); attempting to pull the image may not succeed.',
    ]) {
      assert.ok(h.events.includes(`Warning ${event}`), event)
    }
  })

  it('tells a failed pull from the wait for the next', async t => {
    const h = harness(t, {
      speed: 20,
      runtime: {
        images: [],
        before: call => {
          if (call === 'pullImage') throw new RuntimeError('UNKNOWN', 'no route to registry')
        },
      },
    })
    h.start()
    await h.apply({})
    const reasons = new Set<string>()
    await eventually(async () => {
      reasons.add((await h.get()).status.containerStatuses?.[0]?.state.waiting?.reason ?? '')
      assert.equal(reasons.has('ErrImagePull') && reasons.has('ImagePullBackOff'), true)
    })
    assert.equal(h.events.includes('Warning Failed: Failed to pull image "demo:1": no route to registry'), true)
    assert.equal(h.events.includes('Normal BackOff: Back-off pulling image "demo:1"'), true)
  })

  it('takes the message a container leaves behind', async t => {
    const h = harness(t)
    h.start()
    await h.apply({ restartPolicy: 'Never' })
    await eventually(() => assert.deepEqual(h.runtime.running(), ['main']))
    const [request] = h.runtime.configs.values()
    const file = request?.config?.mounts?.find(
      ({ containerPath }) => containerPath === '/dev/termination-log',
    )?.hostPath
    writeFileSync(file ?? '', 'out of cheese')
    h.runtime.exit('main', 1)
    await eventually(async () =>
      assert.equal((await h.get()).status.containerStatuses?.[0]?.state.terminated?.message, 'out of cheese'),
    )
  })
})

describe('an agent that is killed', () => {
  it('takes over what runs, and restarts nothing', async t => {
    // Services known late hold up the pods' workers; what runs must not be taken for nobody's meanwhile.
    const h = harness(t, {
      client: {
        before: async ({ verb, resource }) => {
          if (verb === 'watch' && resource === 'services') await new Promise(resolve => setTimeout(resolve, 50))
        },
      },
    })
    const kill = h.start()
    await h.apply({ containers: [container('a'), container('b')] })
    await eventually(async () => assert.equal((await h.get()).status.phase, 'Running'))
    const before = (await h.get()).metadata.resourceVersion
    await kill()
    const created = h.runtime.calls.filter(call => call === 'createContainer').length
    h.start()
    await new Promise(resolve => setTimeout(resolve, 200))
    assert.equal(h.runtime.calls.filter(call => call === 'createContainer').length, created)
    assert.equal((await h.get()).metadata.resourceVersion, before, 'nothing had to be written')
    assert.deepEqual(h.runtime.running().sort(), ['a', 'b'])
  })

  it('notices what ended meanwhile, and what was deleted', async t => {
    const h = harness(t)
    const kill = h.start()
    await h.apply({ restartPolicy: 'Never' })
    await h.apply({ containers: [container('gone')] }, { name: 'gone' })
    await eventually(() => assert.deepEqual(h.runtime.running().sort(), ['gone', 'main']))
    await kill()
    h.runtime.exit('main', 0)
    await h.client.delete(pods, { namespace: 'default', name: 'gone' }, { gracePeriodSeconds: 0 })
    h.start()
    await eventually(async () => assert.equal((await h.get()).status.phase, 'Succeeded'))
    await eventually(() => assert.equal(h.runtime.sandboxes.size, 1))
    assert.equal(existsSync(path.join(h.root, 'node', 'pods')), true)
  })

  it('resumes whatever call it was killed in', async t => {
    const calls = ['runPodSandbox', 'podSandboxStatus', 'imageStatus', 'createContainer', 'startContainer']
    for (const fatal of calls) {
      let armed = true
      let struck: () => void = () => {}
      const strike = new Promise<void>(resolve => (struck = resolve))
      const h = harness(t, {
        runtime: {
          before: async call => {
            if (!armed || call !== fatal) return
            armed = false
            struck()
            // The killed agent never hears of it; whether it was done is left open by both ways to fail.
            await new Promise(resolve => setTimeout(resolve, 20))
            throw new RuntimeError('UNAVAILABLE', 'killed')
          },
        },
      })
      const kill = h.start()
      await h.apply({})
      await strike
      await kill()
      h.start()
      await eventually(async () => assert.equal((await h.get()).status.phase, 'Running', fatal))
      assert.deepEqual(h.runtime.running(), ['main'], fatal)
      assert.equal((await h.get()).status.containerStatuses?.[0]?.restartCount, 0, fatal)
    }
  })
})

describe('a runtime that goes away', () => {
  it('is listened to again when it is back, and what was missed is found', async t => {
    const h = harness(t)
    h.start()
    await h.apply({ restartPolicy: 'Never' })
    await eventually(() => assert.deepEqual(h.runtime.running(), ['main']))
    h.runtime.disconnect()
    h.runtime.exit('main', 0)
    await eventually(async () => assert.equal((await h.get()).status.phase, 'Succeeded'))
  })

  it('whose sandboxes died has them made anew', async t => {
    const h = harness(t)
    h.start()
    await h.apply({})
    await eventually(() => assert.deepEqual(h.runtime.running(), ['main']))
    h.runtime.reboot()
    await eventually(async () => {
      assert.deepEqual(h.runtime.running(), ['main'])
      assert.equal((await h.get()).status.containerStatuses?.[0]?.restartCount, 1)
    })
    assert.equal(h.runtime.calls.filter(call => call === 'runPodSandbox').length, 2)
  })
})

describe('statuses', () => {
  it('are written when the API is back, and keep what others wrote', async t => {
    let down = true
    const h = harness(t, {
      speed: 20,
      client: {
        before: ({ subresource }) => {
          if (down && subresource === 'status') throw new Error('the API is away')
        },
      },
    })
    h.start()
    const pod = await h.apply({ readinessGates: [{ conditionType: 'example.com/gate' }] })
    await eventually(() => assert.deepEqual(h.runtime.running(), ['main']))
    down = false
    await eventually(async () => assert.equal((await h.get()).status.phase, 'Running'))
    assert.equal(condition(await h.get(), 'Ready'), 'False')
    const now = await h.get()
    await h.client.updateStatus(pods, {
      ...now,
      status: {
        ...now.status,
        conditions: [...(now.status.conditions ?? []), { type: 'example.com/gate', status: 'True' }],
      },
    })
    await eventually(async () => {
      assert.equal(condition(await h.get(), 'Ready'), 'True')
      assert.equal(condition(await h.get(), 'example.com/gate'), 'True')
    })
    assert.equal(pod.metadata.uid, (await h.get()).metadata.uid)
  })
})

describe('probes', () => {
  it('wait for the end of a postStart hook', async t => {
    let endHook = (): void => {}
    const hookEnds = new Promise<void>(resolve => {
      endHook = resolve
    })
    const execs = (h: Harness): number => h.runtime.calls.filter(call => call === 'execSync').length
    const h = harness(t, {
      speed: 100,
      runtime: {
        async before(call) {
          if (call === 'execSync' && execs(h) === 1) await hookEnds
        },
      },
    })
    h.start()
    const exec = { command: ['true'] }
    await h.apply({
      containers: [
        container('main', { lifecycle: { postStart: { exec } }, readinessProbe: { exec, periodSeconds: 1 } }),
      ],
    })
    await eventually(() => assert.equal(execs(h), 1))
    await new Promise(resolve => setTimeout(resolve, 100))
    assert.equal(execs(h), 1)
    assert.equal((await h.get()).status.containerStatuses?.[0]?.state.waiting?.reason, 'ContainerCreating')
    endHook()
    await eventually(async () => assert.equal(condition(await h.get(), 'Ready'), 'True'))
    assert.ok(execs(h) > 1)
  })

  it('make a pod ready, and kill what does not live', async t => {
    let ready = false
    let alive = true
    const h = harness(t, {
      speed: 50,
      runtime: {
        exec: ({ cmd }) => ({ exitCode: (cmd?.[0] === 'ready' ? ready : alive) ? 0 : 1, stdout: 'no' }),
      },
    })
    h.start()
    await h.apply({
      containers: [
        container('main', {
          readinessProbe: { exec: { command: ['ready'] }, periodSeconds: 1 },
          livenessProbe: { exec: { command: ['alive'] }, periodSeconds: 1, failureThreshold: 2 },
        }),
      ],
    })
    await eventually(async () => assert.equal((await h.get()).status.phase, 'Running'))
    assert.equal(condition(await h.get(), 'Ready'), 'False')
    ready = true
    await eventually(async () => assert.equal(condition(await h.get(), 'Ready'), 'True'))
    alive = false
    await eventually(() => {
      assert.equal(h.events.includes('Warning Unhealthy: Liveness probe failed: no'), true)
      assert.equal(h.events.includes('Normal Killing: Container main failed liveness probe, will be restarted'), true)
    })
    alive = true
    await eventually(async () => assert.equal((await h.get()).status.containerStatuses?.[0]?.restartCount, 1))
  })

  it('begin when the postStart hook has ended', async t => {
    const asked: string[] = []
    let end = (): void => {}
    const hook = new Promise<void>(resolve => {
      end = resolve
    })
    const h = harness(t, {
      runtime: {
        before: async (call, request) => {
          if (call !== 'execSync') return
          const { cmd: [command = ''] = [] } = request as ExecSyncRequest
          asked.push(command)
          if (command === 'hook') await hook
        },
      },
    })
    h.start()
    await h.apply({
      containers: [
        container('main', {
          lifecycle: { postStart: { exec: { command: ['hook'] } } },
          readinessProbe: { exec: { command: ['ready'] } },
        }),
      ],
    })
    await eventually(() => assert.deepEqual(h.runtime.running(), ['main']))
    await new Promise(resolve => setTimeout(resolve, 50))
    assert.deepEqual(asked, ['hook'])
    assert.notEqual(condition(await h.get(), 'Ready'), 'True')
    end()
    await eventually(async () => assert.equal(condition(await h.get(), 'Ready'), 'True'))
    assert.deepEqual(asked, ['hook', 'ready'])
  })

  it('go on under another agent, which takes nothing back', async t => {
    let answers = true
    const h = harness(t, {
      runtime: { before: call => (call === 'execSync' && !answers ? new Promise(() => {}) : undefined) },
    })
    const kill = h.start()
    await h.apply({ containers: [container('main', { readinessProbe: { exec: { command: ['ready'] } } })] })
    await eventually(async () => assert.equal(condition(await h.get(), 'Ready'), 'True'))
    await kill()
    answers = false
    h.start()
    await h.apply({}, { name: 'other' })
    await eventually(async () => assert.equal((await h.get('other')).status.phase, 'Running'))
    assert.equal(condition(await h.get(), 'Ready'), 'True')
  })
})

it('sweeps the directories of pods that are gone', async t => {
  const h = harness(t)
  const left = path.join(h.root, 'node', 'pods', 'old-uid', 'volumes', 'data')
  const logs = path.join(h.root, 'logs', 'default_old_old-uid')
  for (const folder of [left, logs]) mkdirSync(folder, { recursive: true })
  h.start()
  await eventually(() => {
    assert.equal(existsSync(path.join(h.root, 'node', 'pods', 'old-uid')), false)
    assert.equal(existsSync(logs), false)
  })
})
