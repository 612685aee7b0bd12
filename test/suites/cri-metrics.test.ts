// The metrics that CRI carries for the kubelet's /metrics/cadvisor (KEP-2371).
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { MetricType, RuntimeService } from '../../proto/gen/cri.ts'
import { KubeletClient } from './kubelet-client.ts'
import { nothing, RuntimeFixture } from './runtime-harness.ts'

describe('metrics', { timeout: 120_000 }, () => {
  let fixture: RuntimeFixture
  let client: KubeletClient
  let pod: string
  let container: string
  before(async () => {
    fixture = await new RuntimeFixture().open()
    client = new KubeletClient(fixture.socket)
    pod = await fixture.runBarePod('create-PodSandbox-for-container')
    container = await fixture.runBareContainer(pod, ['sh', '-c', 'sleep 1000 & nc -l -p 80'], {
      image: { image: 'busybox:test', userSpecifiedImage: 'busybox:test' },
      linux: {
        resources: {
          cpuPeriod: 100_000,
          cpuQuota: 20_000,
          cpuShares: 1024,
          memoryLimitInBytes: 64 << 20,
          memorySwapLimitInBytes: 64 << 20,
        },
      },
    })
    await fixture.sh(container, 'mkdir -p /var/lib/test && for i in $(seq 10); do echo hi > /var/lib/test/$i; done')
  })
  after(async () => {
    await fixture.client.removePodSandbox({ podSandboxId: pod })
    client[Symbol.dispose]()
    assert.deepEqual(fixture.said, [])
    assert.deepEqual(await fixture.close(), nothing)
  })

  const read = async () => {
    const { podMetrics = [] } = await client.call(RuntimeService.ListPodSandboxMetrics, {})
    const ofPod = podMetrics.find(({ podSandboxId }) => podSandboxId === pod)
    assert.ok(ofPod)
    return { ofPod: ofPod.metrics ?? [], ofContainer: ofPod.containerMetrics?.[0]?.metrics ?? [] }
  }

  it('are described, each with its labels, before they are told', async () => {
    const { descriptors = [] } = await client.call(RuntimeService.ListMetricDescriptors, {})
    const keys = new Map(descriptors.map(({ name = '', labelKeys = [] }) => [name, labelKeys]))
    assert.equal(keys.size, descriptors.length, 'one of a name')
    for (const { name, help } of descriptors) assert.notEqual(help ?? '', '', name)
    assert.deepEqual(keys.get('container_memory_rss'), ['container', 'id', 'image', 'name', 'namespace', 'pod'])
    const { ofPod, ofContainer } = await read()
    for (const { name = '', labelValues = [] } of [...ofPod, ...ofContainer])
      assert.equal(labelValues.length, keys.get(name)?.length, name)
    const told = new Set([...ofPod, ...ofContainer].map(({ name = '' }) => name))
    // Disk I/O is counted where the cgroup has a controller for it.
    const untold = [...keys.keys()].filter(name => !told.has(name) && !/_(blkio|fs_reads|fs_writes)_/.test(name))
    assert.deepEqual(untold, [])
  })

  it('tell whose they are, and what the kernel has counted', async () => {
    const { ofContainer } = await read()
    const one = (name: string) => ofContainer.find(metric => metric.name === name)
    const value = (name: string): number => one(name)?.value?.value ?? -1
    const { metadata } = await fixture.status(container)
    const [name, cgroup = '', image, id, namespace, podName] = one('container_memory_rss')?.labelValues ?? []
    assert.deepEqual([name, image, id], [metadata?.name, 'busybox:test', container])
    assert.ok(cgroup.startsWith('/') && cgroup.endsWith(container))
    assert.match(`${namespace} ${podName}`, /^namespace-\S+ create-PodSandbox-for-container-/)
    assert.equal(one('container_memory_rss')?.metricType, MetricType.GAUGE)
    assert.equal(one('container_cpu_usage_seconds_total')?.metricType, MetricType.COUNTER)
    assert.equal(one('container_cpu_usage_seconds_total')?.labelValues?.at(-1), 'total')
    assert.equal(value('container_spec_memory_limit_bytes'), 64 << 20)
    assert.deepEqual([value('container_spec_cpu_quota'), value('container_spec_cpu_period')], [20_000, 100_000])
    assert.deepEqual([value('container_processes'), value('container_threads'), value('container_sockets')], [2, 2, 1])
    for (const positive of [
      'memory_usage_bytes',
      'memory_max_usage_bytes',
      'file_descriptors',
      'fs_usage_bytes',
      'fs_limit_bytes',
    ])
      assert.ok(value(`container_${positive}`) > 0, positive)
    assert.ok(Math.abs(value('container_start_time_seconds') - Date.now() / 1000) < 60)
    const faults = ofContainer.filter(metric => metric.name === 'container_memory_failures_total')
    assert.deepEqual(
      faults.map(({ labelValues = [] }) => labelValues.slice(-2).join(' ')),
      ['pgfault container', 'pgmajfault container', 'pgfault hierarchy', 'pgmajfault hierarchy'],
    )
  })

  it('tell the pod’s network, as the pod sees it', async () => {
    const ip = (await fixture.client.podSandboxStatus({ podSandboxId: pod })).status?.network?.ip ?? ''
    // Where nobody listens: what comes is counted all the same.
    await new Promise(resolve => {
      connect({ host: ip, port: 81 })
        .on('error', () => undefined)
        .on('close', resolve)
    })
    const { ofPod } = await read()
    const received = ofPod.find(({ name }) => name === 'container_network_receive_bytes_total')
    assert.deepEqual(received?.labelValues?.slice(0, 1), [''])
    assert.equal(received.labelValues.at(-1), 'eth0')
    assert.ok((received.value?.value ?? 0) > 0)
    assert.equal(ofPod.length, 8)
  })

  it('are streamed too, of ready pods', async () => {
    const streamed = await client.stream(RuntimeService.StreamPodSandboxMetrics, {})
    assert.deepEqual(
      streamed.flatMap(({ podSandboxMetrics = [] }) => podSandboxMetrics).map(({ podSandboxId }) => podSandboxId),
      [pod],
    )
  })
})
