import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseContainer } from './pods.ts'

const pod = (containers: string[], initContainers: string[] = []) => ({
  metadata: { name: 'web' },
  spec: { containers: containers.map(name => ({ name })), initContainers: initContainers.map(name => ({ name })) },
})

test('chooses the only container, or the one asked for', () => {
  assert.equal(chooseContainer(pod(['a'], ['i']), ''), 'a')
  assert.equal(chooseContainer(pod(['a', 'b'], ['i']), 'i'), 'i')
})

test('says which containers there are when it cannot choose', () => {
  assert.throws(() => chooseContainer(pod(['a', 'b'], ['i']), undefined), {
    message: 'a container name must be specified for pod web, choose one of: [i a b]',
    code: 400,
  })
  assert.throws(() => chooseContainer(pod(['a', 'b']), 'c'), { message: 'container c is not valid for pod web' })
  assert.throws(() => chooseContainer(pod([]), ''), { message: 'a container name must be specified for pod web' })
})
