import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { made, wrongWith, wrongWithStatus, wrongWithUpdate } from '../fixture.ts'
import { daemonSets } from './daemon-set.ts'
import { deployments } from './deployment.ts'
import { replicaSets } from './replica-set.ts'
import { statefulSets } from './stateful-set.ts'

const labels = { app: 'x' }
const metadata = { name: 'a', namespace: 'n' }
const template = (spec: object = {}, templateLabels: object = labels) => ({
  metadata: { labels: templateLabels },
  spec: { containers: [{ name: 'c', image: 'i:1' }], ...spec },
})
const specOf = (spec: object = {}) => ({ selector: { matchLabels: labels }, template: template(), ...spec })
const deployment = (spec: object = {}, status: object = {}) =>
  made(deployments, { metadata, spec: specOf(spec), status })
const replicaSet = (spec: object = {}) => made(replicaSets, { metadata, spec: specOf(spec) })
const statefulSet = (spec: object = {}) => made(statefulSets, { metadata, spec: specOf(spec) })
const daemonSet = (spec: object = {}) => made(daemonSets, { metadata, spec: specOf(spec) })

describe('what a deployment must be like', () => {
  const misses =
    'spec.template.metadata.labels: Invalid value: {"app":"x"}: `selector` does not match template `labels`'
  for (const [what, spec, wrong] of [
    ['nothing of it is wrong', {}, []],
    ['a selector is needed', { selector: undefined }, ['spec.selector: Required value', misses]],
    ['the selector selects the pods', { selector: { matchLabels: { app: 'y' } } }, [misses]],
    [
      'an operator that does not exist',
      { selector: { matchExpressions: [{ key: 'app', operator: 'Is' }] } },
      [
        'spec.selector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
        'spec.selector: Invalid value: {"matchExpressions":[{"key":"app","operator":"Is"}]}: invalid label selector',
      ],
    ],
    [
      'pods that end',
      { template: template({ restartPolicy: 'Never' }) },
      ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
    ],
    ['no containers', { template: template({ containers: [] }) }, ['spec.template.spec.containers: Required value']],
    [
      'more than all pods missing',
      { strategy: { rollingUpdate: { maxUnavailable: '101%' } } },
      ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%'],
    ],
    [
      'a rolling update that can never go on',
      { strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 0 } } },
      ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0'],
    ],
    [
      'a deadline that passes before pods are available',
      { progressDeadlineSeconds: 5, minReadySeconds: 5 },
      ['spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds'],
    ],
  ] as const) {
    it(what, () => assert.deepEqual(wrongWith(deployments, deployment(spec)), wrong))
  }

  it('keeps its selector', () => {
    const changed = deployment({ selector: { matchLabels: { app: 'y' } } })
    const wrong = wrongWithUpdate(deployments, changed, deployment())
    assert.deepEqual(wrong, ['spec.selector: Invalid value: {"matchLabels":{"app":"y"}}: field is immutable'])
  })

  it('counts names that were taken upwards only', () => {
    const wrong = wrongWithStatus(
      deployments,
      deployment({}, { collisionCount: 1 }),
      deployment({}, { collisionCount: 2 }),
    )
    assert.deepEqual(wrong, ['status.collisionCount: Invalid value: 1: cannot be decremented'])
  })

  it('is of a new generation when its annotations change', () => {
    const old = deployment()
    const annotated = { ...old, metadata: { ...old.metadata, annotations: { a: 'b' } } }
    assert.equal(deployments.isNewGeneration(annotated, old), true)
    assert.equal(deployments.isNewGeneration({ ...old, status: { replicas: 1 } }, old), false)
  })

  it('warns of a name that is no DNS label', () => {
    const dotted = { ...deployment(), metadata: { ...metadata, name: 'a.b' } }
    assert.match(deployments.warnings(dotted)[0] ?? '', /^metadata.name: this is used in Pod names and hostnames/)
  })
})

describe('scale', () => {
  it('reads and writes the replicas of a replica set', () => {
    const view = replicaSets.subresources.find(({ name }) => name === 'scale')
    assert.ok(view?.is === 'view' && view.read !== undefined)
    const read = made({ ...replicaSets }, replicaSet({ replicas: 3 }))
    assert.deepEqual(Reflect.get(view.read(read), 'spec'), { replicas: 3 })
    assert.deepEqual(Reflect.get(view.read(read), 'status'), { replicas: 0, selector: 'app=x' })
  })
})

describe('a stateful set', () => {
  it('knows the volumes that its claims will be', () => {
    const mounts = { containers: [{ name: 'c', image: 'i:1', volumeMounts: [{ name: 'v', mountPath: '/v' }] }] }
    const claims = [{ metadata: { name: 'v' }, spec: { accessModes: ['ReadWriteOnce'] } }]
    const set = statefulSet({ template: template(mounts), volumeClaimTemplates: claims })
    assert.deepEqual(wrongWith(statefulSets, set), [])
    assert.equal(set.spec.volumeClaimTemplates?.[0]?.status.phase, 'Pending')
  })

  it('has a name without dots', () => {
    assert.deepEqual(statefulSets.nameErrors('a.b'), ['must not contain dots'])
  })

  it('keeps what names its pods', () => {
    const [wrong = ''] = wrongWithUpdate(statefulSets, statefulSet({ serviceName: 's' }), statefulSet())
    assert.match(wrong, /^spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals'/)
    assert.deepEqual(wrongWithUpdate(statefulSets, statefulSet({ replicas: 3 }), statefulSet()), [])
  })

  it('shows a strategy in the form Kubernetes holds it in', () => {
    assert.deepEqual(
      wrongWith(statefulSets, statefulSet({ updateStrategy: { type: 'OnDelete', rollingUpdate: { partition: 1 } } })),
      [
        'spec.updateStrategy.rollingUpdate: Invalid value: {"Partition":1,"MaxUnavailable":null}: only allowed for updateStrategy \'RollingUpdate\'',
      ],
    )
  })
})

describe('a daemon set', () => {
  const generation = 'deprecated.daemonset.template.generation'

  it('counts the changes of its template', () => {
    const [first, same] = [daemonSet(), daemonSet({ minReadySeconds: 1 })]
    daemonSets.prepareForCreate(first)
    assert.equal(first.metadata.annotations?.[generation], '1')
    daemonSets.prepareForUpdate(same, first)
    assert.equal(same.metadata.annotations?.[generation], '1')
    const changed = daemonSet({ template: template({ hostNetwork: true }) })
    daemonSets.prepareForUpdate(changed, same)
    assert.equal(changed.metadata.annotations?.[generation], '2')
  })

  it('must go on one way or the other', () => {
    const both = daemonSet({ updateStrategy: { rollingUpdate: { maxUnavailable: 1, maxSurge: 1 } } })
    const neither = daemonSet({ updateStrategy: { rollingUpdate: { maxUnavailable: 0 } } })
    const at = 'spec.updateStrategy.rollingUpdate'
    assert.deepEqual(wrongWith(daemonSets, both), [
      `${at}.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero`,
    ])
    assert.deepEqual(wrongWith(daemonSets, neither), [
      `${at}.maxUnavailable: Required value: cannot be 0 when maxSurge is 0`,
    ])
  })
})
