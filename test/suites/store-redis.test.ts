import assert from 'node:assert/strict'
import { it } from 'node:test'
import { openStore } from '../../control-plane/store/open.ts'
import { openRedisStore } from '../../control-plane/store/redis.ts'
import { failingStoreSuite } from './failing-store.ts'
import { redisServer } from './redis-server.ts'
import { storeSuite } from './store.ts'

storeSuite(
  'redis store',
  async () => {
    const server = await redisServer()
    await server.start()
    return { open: () => openStore(`redis://${server.address}`), dispose: () => server.dispose() }
  },
  { runs: 40 },
)

failingStoreSuite(
  'Redis that fails',
  {
    server: redisServer,
    open: address => openRedisStore({ url: `redis://${address}`, deadlineMs: 3000 }),
    noAnswer: address => new RegExp(`Redis at ${address}: no answer within 3000 ms`),
  },
  () => {
    it('says where it looked when nobody answers there', async () => {
      const other = await redisServer()
      try {
        await assert.rejects(openStore(`redis://${other.address}`), new RegExp(`Redis at ${other.address}`))
      } finally {
        await other.dispose()
      }
      await assert.rejects(openStore('redis:nowhere'), /expected redis:\/\//)
    })
  },
)
