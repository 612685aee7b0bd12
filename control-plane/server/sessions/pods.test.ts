import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseContainer } from './pods.ts'

const pod = (containers: string[], initContainers: string[] = [], annotations: Record<string, string> = {}) => ({
  metadata: { name: 'web', annotations },
  spec: { containers: containers.map(name => ({ name })), initContainers: initContainers.map(name => ({ name })) },
})

test('chooses the only container, the one asked for, the annotated default', () => {
  assert.equal(chooseContainer(pod(['a']), ''), 'a')
  assert.equal(chooseContainer(pod(['a', 'b'], ['i']), 'i'), 'i')
  const annotated = pod(['a', 'b'], [], { 'kubectl.kubernetes.io/default-container': 'b' })
  assert.equal(chooseContainer(annotated, undefined), 'b')
})

test('says which containers there are when it cannot choose', () => {
  assert.throws(() => chooseContainer(pod(['a', 'b'], ['i']), ''), {
    message: 'a container name must be specified for pod web, choose one of: [a b] or one of the init containers: [i]',
    code: 400,
  })
  assert.throws(() => chooseContainer(pod(['a', 'b']), 'c'), /container c is not valid for pod web; it has: a, b/)
})
