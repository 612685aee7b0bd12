import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { buildInitPlan } from './build-init-plan.ts'

describe('buildInitPlan', () => {
  const plan = buildInitPlan({
    id: 'sandbox',
    namespaces: { network: '/ns/net', ipc: '/ns/ipc', uts: '/ns/uts' },
    cgroup: { version: 2, files: ['/cgroup/procs'], hierarchies: [] },
    root: '/var/init',
    program: '/pause',
    seccomp: 'filter',
  })
  const place = (step: (typeof plan.steps)[number]['do']): number => plan.steps.findIndex(each => each.do === step)

  it('is process 1 of a new namespace, and in those of its pod', () => {
    assert.deepEqual([plan.id, plan.kind, plan.pidNamespace], ['sandbox', 'sandbox', 'new'])
    assert.deepEqual(
      plan.steps.flatMap(step => (step.do === 'joinNamespace' ? [step.kind] : [])),
      ['net', 'ipc', 'uts'],
    )
  })

  it('has given up every right and the host’s files when its program begins', () => {
    const order = [
      'bindRoot',
      'readOnlyRoot',
      'enterRoot',
      'setNoNewPrivileges',
      'setSeccomp',
      'becomeUser',
      'execute',
    ] as const
    const places = order.map(place)
    assert.deepEqual(
      places,
      [...places].sort((a, b) => a - b),
    )
    assert.equal(places.includes(-1), false)
    const become = plan.steps[place('becomeUser')]
    assert.ok(become?.do === 'becomeUser')
    assert.deepEqual(Object.values(become.capabilities).flat(), [])
    assert.equal(
      plan.steps.some(step => step.do === 'bind' || step.do === 'mountFileSystem'),
      false,
    )
  })
})
