import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { localNodes, recordLocalNode } from './local-nodes.ts'

const run = mkdtempSync(path.join(tmpdir(), 'tessera-run-'))
after(() => rmSync(run, { recursive: true, force: true }))

const pem = (...bodies: string[]): Buffer =>
  Buffer.from(
    bodies
      .map(body => `-----BEGIN CERTIFICATE-----\n${Buffer.from(body).toString('base64')}\n-----END CERTIFICATE-----\n`)
      .join(''),
  )

function node(folder: string, nodeName: string, ca: Buffer): string {
  mkdirSync(path.join(run, folder), { recursive: true })
  const runtimeSocket = path.join(run, folder, 'runtime.sock')
  recordLocalNode({ nodeName, runtimeSocket }, ca)
  return runtimeSocket
}

test('a node is found by its cluster, and only by that', () => {
  const one = node('one', 'a', pem('ca one'))
  const two = node('two', 'b', pem('ca two'))
  mkdirSync(path.join(run, 'strange'))
  for (const text of ['', '[1]', '{"nodeName":1}', 'null']) {
    writeFileSync(path.join(run, 'strange', 'node.json'), text)
    assert.deepEqual(localNodes(pem('ca one'), run), [{ nodeName: 'a', runtimeSocket: one }])
  }
  assert.deepEqual(localNodes(pem('ca two'), run), [{ nodeName: 'b', runtimeSocket: two }])
  assert.deepEqual(localNodes(pem('ca three'), run), [])
  assert.deepEqual(localNodes(undefined, run).length, 2)
  // The same certificates, in a bundle and with other line breaks.
  const bundle = Buffer.from(pem('ca new', 'ca two').toString().replaceAll('\n', '\r\n'))
  assert.deepEqual(localNodes(bundle, run), [{ nodeName: 'b', runtimeSocket: two }])
})

test('a node that joins another cluster is no longer the first one’s', () => {
  node('one', 'a', pem('ca three'))
  assert.deepEqual(localNodes(pem('ca one'), run), [])
  assert.equal(localNodes(pem('ca three'), run).length, 1)
})
