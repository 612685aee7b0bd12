import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Container } from '../../../api/kinds/core-v1/container.ts'
import type { PodSpec } from '../../../api/kinds/core-v1/pod.ts'
import type { Pod } from '../planning/situation.ts'
import { abilities, container, makePod } from '../testing.ts'
import { admit, type NodeView } from './admission.ts'
import { type Demand, demandOf } from './demand.ts'

const node: NodeView = {
  name: 'n1',
  labels: { 'kubernetes.io/os': 'linux', zone: 'a', cores: '8' },
  taints: [],
  pressures: [],
  ...abilities,
  allocatable: { cpu: '2', memory: '1Gi', 'ephemeral-storage': '10Gi', pods: '3' },
}

const asking = (requests: Record<string, string>, more: Partial<Container> = {}): Container =>
  container('main', { resources: { requests }, ...more })

const demand = (spec: Partial<PodSpec> = {}, metadata: Partial<Pod['metadata']> = {}, isStatic = false): Demand =>
  demandOf(makePod(spec, metadata), isStatic)

const wanting = (requests: Record<string, string>): Demand => demand({ containers: [asking(requests)] })

/** Why not, as `reason: message`; '' when admitted without anybody's end. */
function judged(asked: Demand, others: readonly Demand[] = [], at: Partial<NodeView> = {}): string {
  const verdict = admit(asked, others, { ...node, ...at })
  if (verdict.admitted) {
    assert.deepEqual(verdict.preempts, [])
    return ''
  }
  return `${verdict.rejection.reason}: ${verdict.rejection.message}`
}

describe('admission', () => {
  it('takes what fits, to the last', () => {
    assert.equal(judged(wanting({ cpu: '2', memory: '1Gi' })), '')
    assert.equal(judged(wanting({ cpu: '500m' }), [wanting({ cpu: '1500m' })]), '')
  })

  it('rejects what does not fit, and says by how much', () => {
    const short = "Node didn't have enough resource:"
    const cases: [Demand, Demand[], string][] = [
      [wanting({ cpu: '3' }), [], `OutOfcpu: ${short} cpu, requested: 3000, used: 0, capacity: 2000`],
      [
        wanting({ cpu: '501m', memory: '2Gi' }),
        [wanting({ cpu: '1' }), wanting({ cpu: '500m' })],
        `OutOfcpu: ${short} cpu, requested: 501, used: 1500, capacity: 2000`,
      ],
      [
        wanting({ memory: '1Ki' }),
        [wanting({ memory: '1Gi' })],
        `OutOfmemory: ${short} memory, requested: 1024, used: 1073741824, capacity: 1073741824`,
      ],
      [
        wanting({ 'ephemeral-storage': '11Gi' }),
        [],
        `OutOfephemeral-storage: ${short} ephemeral-storage, requested: 11811160064, used: 0, capacity: 10737418240`,
      ],
      [
        wanting({ 'hugepages-2Mi': '2Mi' }),
        [],
        `OutOfhugepages-2Mi: ${short} hugepages-2Mi, requested: 2097152, used: 0, capacity: 0`,
      ],
      [
        wanting({ cpu: '3' }),
        [demand(), demand(), demand()],
        `OutOfpods: ${short} pods, requested: 1, used: 3, capacity: 3`,
      ],
    ]
    for (const [asked, others, expected] of cases) assert.equal(judged(asked, others), expected)
  })

  it('leaves extended resources that the node does not have to the cluster', () => {
    assert.equal(judged(wanting({ 'example.com/licence': '1' })), '')
    const allocatable = { ...node.allocatable, 'example.com/gpu': '1' }
    const gpu = wanting({ 'example.com/gpu': '1' })
    assert.equal(judged(gpu, [], { allocatable }), '')
    assert.match(judged(gpu, [gpu], { allocatable }), /^OutOfexample\.com\/gpu: .* requested: 1, used: 1, capacity: 1$/)
  })

  it('counts sidecars with the containers, other init containers by their largest, and overhead', () => {
    const pod = demand({
      initContainers: [
        asking({ cpu: '100m' }, { name: 'side', restartPolicy: 'Always' }),
        asking({ cpu: '900m' }, { name: 'init' }),
      ],
      containers: [asking({ cpu: '300m' }), asking({ cpu: '200m' }, { name: 'b' })],
      overhead: { cpu: '50m' },
    })
    assert.equal(pod.requests.get('cpu'), 1050)
    const late = demand({
      initContainers: [
        asking({ cpu: '500m' }, { name: 'init' }),
        asking({ cpu: '100m' }, { name: 'side', restartPolicy: 'Always' }),
      ],
      containers: [asking({ cpu: '450m' })],
    })
    assert.equal(late.requests.get('cpu'), 550)
    const whole = demand({ containers: [asking({ cpu: '1', memory: '1Mi' })], resources: { requests: { cpu: '2' } } })
    assert.deepEqual([whole.requests.get('cpu'), whole.requests.get('memory')], [2000, 1024 * 1024])
  })

  describe('by labels', () => {
    const mismatch = "NodeAffinity: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"
    type Term = { key: string; operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt'; values?: string[] }
    const terms = (...all: { matchExpressions?: Term[]; matchFields?: Term[] }[]): Partial<PodSpec> => ({
      affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: all } } },
    })
    const cases: [string, Partial<PodSpec>, boolean][] = [
      ['a selector that matches', { nodeSelector: { zone: 'a' } }, true],
      ['a selector that does not', { nodeSelector: { zone: 'a', disk: 'ssd' } }, false],
      ['one term of two', terms({ matchExpressions: [{ key: 'disk', operator: 'Exists' }] }, zone('a')), true],
      ['no term', terms(zone('b'), zone('c')), false],
      ['an empty term', terms({}), false],
      ['absence', terms({ matchExpressions: [{ key: 'disk', operator: 'DoesNotExist' }] }), true],
      ['another value', terms({ matchExpressions: [{ key: 'zone', operator: 'NotIn', values: ['a'] }] }), false],
      ['more than', terms({ matchExpressions: [{ key: 'cores', operator: 'Gt', values: ['4'] }] }), true],
      ['less than', terms({ matchExpressions: [{ key: 'cores', operator: 'Lt', values: ['4'] }] }), false],
      ['what can not be read', terms({ matchExpressions: [{ key: 'cores', operator: 'Lt', values: ['x'] }] }), false],
      ['its name', terms({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] }), true],
      ['another name', terms({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n2'] }] }), false],
    ]
    for (const [what, spec, fits] of cases) it(what, () => assert.equal(judged(demand(spec)), fits ? '' : mismatch))

    function zone(value: string): { matchExpressions: Term[] } {
      return { matchExpressions: [{ key: 'zone', operator: 'In', values: [value] }] }
    }

    it('says that a newer Node may find otherwise, and that fullness is found here', () => {
      const verdict = admit(demand({ nodeSelector: { disk: 'ssd' } }), [], node)
      assert.ok(!verdict.admitted && verdict.byNode)
      const full = admit(wanting({ cpu: '3' }), [], node)
      assert.ok(!full.admitted && !full.byNode)
    })
  })

  it('rejects a pod whose host port is taken', () => {
    const using = (hostPort: number, hostIP = ''): Demand =>
      demand({ containers: [container('main', { ports: [{ containerPort: 80, hostPort, hostIP }] })] })
    assert.match(
      judged(using(80), [using(80, '192.0.2.1')]),
      /^NodePorts: Predicate NodePorts failed: node\(s\) didn't/,
    )
    assert.equal(judged(using(80, '192.0.2.2'), [using(80, '192.0.2.1')]), '')
    assert.equal(judged(using(81), [using(80)]), '')
  })

  it('rejects what does not tolerate a taint that drives pods off, and only that', () => {
    const taints = (effect: string) => ({ taints: [{ key: 'k', value: 'v', effect }] }) as Partial<NodeView>
    const expected =
      "TaintToleration: Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate"
    assert.equal(judged(demand(), [], taints('NoExecute')), expected)
    assert.equal(judged(demand(), [], taints('NoSchedule')), '')
    assert.equal(judged(demand({ tolerations: [{ key: 'k', operator: 'Exists' }] }), [], taints('NoExecute')), '')
    assert.equal(judged(demand({}, {}, true), [], taints('NoExecute')), '', 'no taint drives a static pod away')
  })

  it('rejects kernel parameters that are not allowed here, before it asks for room', () => {
    const setting = (names: readonly string[], more: Partial<PodSpec> = {}): Demand => {
      const sysctls = names.map(name => ({ name, value: '1' }))
      return demand({ securityContext: { sysctls }, containers: [asking({ cpu: '3' })], ...more })
    }
    assert.equal(
      judged(setting(['net.ipv4.tcp_syncookies', 'kernel.msgmax'])),
      'SysctlForbidden: forbidden sysctl: "kernel.msgmax" not allowlisted',
    )
    assert.match(judged(setting(['net.ipv4.tcp_syncookies'])), /^OutOfcpu: /)
    assert.equal(
      judged(setting(['net.ipv4.tcp_syncookies'], { hostNetwork: true })),
      'SysctlForbidden: forbidden sysctl: "net.ipv4.tcp_syncookies" not allowed with host Net enabled',
    )
  })

  it('rejects a profile of AppArmor, and has nobody end for it', () => {
    const confined = { securityContext: { appArmorProfile: { type: 'RuntimeDefault' } } } as const
    const refused = 'AppArmor: Cannot enforce AppArmor: AppArmor is not enabled on the host'
    assert.equal(judged(demand({ containers: [asking({}, confined)] })), refused)
    assert.equal(judged(demand({ initContainers: [container('i', confined)] })), refused)
    assert.equal(judged(demand(confined)), refused)
    const annotation = 'container.apparmor.security.beta.kubernetes.io/main'
    assert.equal(judged(demand({}, { annotations: { [annotation]: 'localhost/x' } })), refused)
    assert.equal(judged(demand({}, { annotations: { [annotation]: 'unconfined' } })), '')
    assert.equal(judged(demand({ securityContext: { appArmorProfile: { type: 'Unconfined' } } })), '')
    assert.match(judged(demand({ ...confined, containers: [asking({ cpu: '3' })] })), /^OutOfcpu: /)
    const critical = demand({ ...confined, containers: [asking({ cpu: '2' })], priority: 2_000_000_000 })
    assert.equal(judged(critical, [wanting({ cpu: '1' })]), refused)
  })

  it('rejects a policy for groups that the runtime does not know', () => {
    const strict = demand({ securityContext: { supplementalGroupsPolicy: 'Strict' } })
    assert.equal(judged(strict), '')
    assert.equal(
      judged(strict, [], { strictGroups: false }),
      'SupplementalGroupsPolicyNotSupported: SupplementalGroupsPolicy=Strict is not supported in this node',
    )
    const merge = demand({ securityContext: { supplementalGroupsPolicy: 'Merge' } })
    assert.equal(judged(merge, [], { strictGroups: false }), '')
  })

  it('rejects what a node under pressure can not take', () => {
    const memory = { pressures: ['MemoryPressure'] }
    const disk = { pressures: ['MemoryPressure', 'DiskPressure'] }
    const bestEffort = demand()
    assert.equal(judged(bestEffort, [], memory), 'Evicted: The node had condition: [MemoryPressure]. ')
    assert.equal(judged(wanting({ cpu: '1' }), [], memory), '')
    const tolerant = demand({ tolerations: [{ key: 'node.kubernetes.io/memory-pressure', operator: 'Exists' }] })
    assert.equal(judged(tolerant, [], memory), '')
    assert.equal(
      judged(wanting({ cpu: '1' }), [], disk),
      'Evicted: The node had condition: [MemoryPressure DiskPressure]. ',
    )
    assert.match(judged(tolerant, [], disk), /^Evicted: /)
    assert.equal(judged(demand({}, {}, true), [], disk), '', 'a critical pod always runs')
  })

  it('rejects what is for another operating system', () => {
    assert.match(judged(demand({ os: { name: 'windows' } })), /^PodOSNotSupported: /)
    const labels = { 'kubernetes.io/os': 'windows' }
    assert.match(judged(demand({}, { labels })), /^PodOSSelectorNodeLabelDoesNotMatch: /)
    assert.equal(judged(demand({ os: { name: 'linux' } })), '')
  })
})

describe('a critical pod', () => {
  const pod = (name: string, requests: Record<string, string>, limits?: Record<string, string>): Demand =>
    demand(
      { containers: [container('main', { resources: { requests, ...(limits && { limits }) } })], priority: 0 },
      { uid: name, name },
    )
  const guaranteed = (name: string, cpu: string): Demand => pod(name, { cpu, memory: '1Mi' }, { cpu, memory: '1Mi' })
  const staticPod = (requests: Record<string, string>, spec: Partial<PodSpec> = {}): Demand =>
    demand({ containers: [asking(requests)], ...spec }, { uid: 'static' }, true)
  const ended = (asked: Demand, others: Demand[], pods = '10'): string[] => {
    const verdict = admit(asked, others, { ...node, allocatable: { ...node.allocatable, pods } })
    assert.ok(verdict.admitted, JSON.stringify(verdict))
    return verdict.preempts.map(({ pod: { metadata } }) => metadata.name).sort()
  }

  it('has the fewest and the least deserving pods end', () => {
    const others = [guaranteed('g', '1'), pod('big', { cpu: '600m' }), pod('small', { cpu: '300m' })]
    assert.deepEqual(ended(staticPod({ cpu: '100m' }), others), [])
    // Either would do: the one that asks for less.
    assert.deepEqual(ended(staticPod({ cpu: '400m' }), others), ['small'])
    // The smaller one would not do.
    assert.deepEqual(ended(staticPod({ cpu: '500m' }), others), ['big'])
    assert.deepEqual(ended(staticPod({ cpu: '1' }), [guaranteed('g', '1'), pod('b', { cpu: '1' })]), ['b'])
    assert.deepEqual(ended(staticPod({ cpu: '1500m' }), [guaranteed('g', '1'), pod('b', { cpu: '1' })]), ['b', 'g'])
  })

  it('has a pod of no requests end when there are too many', () => {
    const others = [guaranteed('g', '1'), pod('best-effort', {}), pod('burstable', { cpu: '1m' })]
    assert.deepEqual(ended(staticPod({}), others, '3'), ['best-effort'])
  })

  it('is critical by its priority too, and is not moved by what has a greater one', () => {
    const critical = (name: string, priority: number): Demand =>
      demand({ containers: [asking({ cpu: '2' })], priority }, { uid: name, name })
    assert.deepEqual(ended(critical('a', 2_000_001_000), [pod('b', { cpu: '2' })]), ['b'])
    assert.deepEqual(ended(critical('a', 2_000_001_000), [critical('b', 2_000_000_000)]), ['b'])
    assert.match(judged(critical('a', 1_000), [pod('b', { cpu: '2' })]), /^OutOfcpu: /)
    assert.match(judged(critical('a', 2_000_000_000), [critical('b', 2_000_000_000)]), /^UnexpectedAdmissionError: /)
  })

  it('is rejected when nobody’s end would help', () => {
    assert.equal(
      judged(staticPod({ cpu: '5' }), [pod('b', { cpu: '1' })]),
      'UnexpectedAdmissionError: Unexpected error while attempting to recover from admission failure: preemption: ' +
        'error finding a set of pods to preempt: no set of running pods found to reclaim resources: [(res: cpu, q: 3000), ]',
    )
    assert.match(judged(staticPod({ cpu: '3' }, { nodeSelector: { zone: 'b' } })), /^NodeAffinity: /)
  })

  it('always has room once those chosen have ended, and has nobody end for what is free', () => {
    const amounts = fc.record({ cpu: fc.nat(1500), memory: fc.nat(900) })
    const requestsOf = ({ cpu, memory }: { cpu: number; memory: number }) => ({ cpu: `${cpu}m`, memory: `${memory}Mi` })
    fc.assert(
      fc.property(amounts, fc.array(fc.tuple(amounts, fc.boolean()), { maxLength: 6 }), (wanted, present) => {
        const others = present.map(([asked, limited], index) =>
          pod(String(index), requestsOf(asked), limited ? requestsOf(asked) : undefined),
        )
        const asked = staticPod(requestsOf(wanted))
        const verdict = admit(asked, others, node)
        if (!verdict.admitted) {
          assert.equal(admit(asked, [], node).admitted, false, 'an empty node would have room')
          return
        }
        const left = others.filter(other => !verdict.preempts.includes(other))
        assert.equal(judged(asked, left), '')
        if (judged({ ...asked, isStatic: false }, others) === '') assert.deepEqual(verdict.preempts, [])
      }),
    )
  })
})
