import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createMetrics } from './metrics.ts'

it('metrics tell of the process as it is now', async () => {
  const metrics = createMetrics()
  const value = async (name: string): Promise<number> => {
    const line = (await metrics.text()).split('\n').find(text => text.startsWith(`${name} `))
    return Number(line?.split(' ')[1])
  }
  assert.ok(Math.abs((await value('process_start_time_seconds')) - performance.timeOrigin / 1000) < 5)
  const before = await value('process_resident_memory_bytes')
  assert.ok(before > 1e6)
  const ballast = Buffer.alloc(64e6, 1)
  assert.ok((await value('process_resident_memory_bytes')) > before + ballast.length / 2)
  assert.ok((await value('process_open_fds')) >= 3)
  assert.ok((await value('process_cpu_seconds_total')) > 0)
})
