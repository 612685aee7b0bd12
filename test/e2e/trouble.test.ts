// What a person is told when the machine is in the way, and that everything works again when it no longer is.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, it } from 'node:test'
import { eventually, leftovers, run, startCluster } from './cluster.ts'

const map = (name: string): string => JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } })

describe('trouble', () => {
  it('a port in use: which one, and what to do', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const address = other.address()
    assert.ok(typeof address === 'object' && address !== null)
    const name = `e2e${process.pid.toString(36)}`
    try {
      const args = ['deploy/local/start.mjs', `--name=${name}`, `--port=${address.port}`, '--no-demo']
      const { code, stderr } = await run(process.execPath, args)
      assert.equal(code, 1)
      assert.match(stderr, new RegExp(`control-plane can't start[^]*127\\.0\\.0\\.1:${address.port}[^]*in use`))
    } finally {
      other.close()
      const stopped = await run(process.execPath, ['deploy/local/stop.mjs', '--wipe', `--name=${name}`])
      assert.equal(stopped.code, 0, stopped.stderr)
    }
    assert.deepEqual(leftovers(name), [])
  })

  it('an etcd that does not answer: calls fail in time, and work again once it does', async () => {
    await using cluster = await startCluster({ store: 'etcd' })
    const etcd = cluster.pid('etcd')
    process.kill(etcd, 'SIGSTOP')
    try {
      const { code, stderr } = await cluster.tsctl(['create', '-f', '-'], map('lost'))
      assert.equal(code, 1)
      assert.match(stderr, /etcd/)
    } finally {
      process.kill(etcd, 'SIGCONT')
    }
    // Applied, not created: an attempt whose answer was lost may have done it.
    await eventually(() => cluster.ok(['apply', '-f', '-'], map('kept')))
    assert.match(await cluster.ok(['get', 'configmaps']), /^kept /m)
  })

  it('a store that was killed: the cluster goes on when it is back', async () => {
    await using cluster = await startCluster({ store: 'etcd' })
    await cluster.ok(['create', '-f', '-'], map('before'))
    process.kill(cluster.pid('etcd'), 'SIGKILL')
    await eventually(() => cluster.ok(['apply', '-f', '-'], map('after')))
    assert.match(await cluster.ok(['get', 'configmaps']), /^after .*\nbefore /m)
  })
})
