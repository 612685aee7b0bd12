// What a newcomer does first: start, look, start again, stop.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Pod } from '../../api/kinds/core-v1/pod.ts'
import { type Cluster, leftovers, run, startCluster } from './cluster.ts'

for (const store of ['embedded', 'etcd'] as const) {
  describe(`npm start --store ${store}`, () => {
    let cluster: Cluster
    before(async () => {
      cluster = await startCluster({ store, demo: true })
    })
    after(() => cluster.stop())

    /** The pod but for its status, which its node may still be writing. */
    const wanted = async (): Promise<object> => {
      const { metadata, spec } = JSON.parse(await cluster.ok(['get', 'pod', 'hello', '-o', 'json'])) as Pod
      const { resourceVersion: _, ...rest } = metadata
      return { metadata: rest, spec }
    }

    it('runs the hello pod and shows what it answers', () => {
      assert.match(cluster.startOutput, /hello +2\/2 +Running +0 /)
      assert.match(cluster.startOutput, /visitor got "a greeting from web" over localhost/)
      assert.match(cluster.startOutput, /sees web's message queue: from-web/)
      assert.match(cluster.startOutput, /What to type next/)
    })

    it('changes nothing when run again', async () => {
      const before = await wanted()
      const pids = ['control-plane', 'runtime', 'node-agent'].map(cluster.pid)
      const again = await run(process.execPath, ['deploy/local/start.mjs', ...cluster.args, `--store=${store}`])
      assert.equal(again.code, 0, again.stderr)
      assert.deepEqual(['control-plane', 'runtime', 'node-agent'].map(cluster.pid), pids)
      assert.deepEqual(await wanted(), before)
    })

    it('keeps its data over a stop, and its pods come back', async () => {
      const stopped = await run(process.execPath, ['deploy/local/stop.mjs', `--name=${cluster.name}`])
      assert.equal(stopped.code, 0, stopped.stderr)
      const left = leftovers(cluster.name).filter(entry => !/^\/var\/(lib|log)\//.test(entry))
      assert.deepEqual(left, [])
      const again = await run(process.execPath, ['deploy/local/start.mjs', ...cluster.args, `--store=${store}`])
      assert.equal(again.code, 0, again.stdout + again.stderr)
      assert.match(again.stdout, /hello +2\/2 +Running/)
    })

    it('leaves nothing behind when it is stopped and wiped', async () => {
      const deeper = 'n=$(printf %0200d 0); for i in $(seq 30); do mkdir $n && cd $n; done'
      // Deeper than any path reaches; what a program's own paths end at is nothing to the kernel.
      await cluster.ok(['exec', 'hello', '-c', 'web', '--', 'sh', '-c', `cd /tmp && ${deeper}; echo made`])
      const { code, stderr } = await cluster.stop()
      assert.equal(code, 0, stderr)
      assert.deepEqual(leftovers(cluster.name), [])
    })
  })
}

describe('npm start refuses', () => {
  const cases: [name: string, args: string[], message: RegExp][] = [
    ['an unknown store', ['--store=redis'], /--store is "embedded" or "etcd", not "redis"/],
    ['a bad port', ['--port=http'], /--port "http": expected a number/],
    ['an unknown option', ['--stroe=etcd'], /Unknown option '--stroe'/],
  ]
  it('a user who is not root', async () => {
    // In a user namespace of its own without a mapping, root is nobody, and may still read what root owns.
    const { code, stderr } = await run('unshare', ['--user', process.execPath, 'deploy/local/start.mjs'])
    assert.equal(code, 1)
    assert.match(stderr, /Making namespaces, mounts and cgroups needs root/)
  })

  for (const [name, args, message] of cases) {
    it(name, async () => {
      const { code, stderr } = await run(process.execPath, ['deploy/local/start.mjs', ...args])
      assert.equal(code, 1)
      assert.match(stderr, message)
    })
  }
})
