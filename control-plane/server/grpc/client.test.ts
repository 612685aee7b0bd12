// The gRPC door as its clients see it: the behaviour suite of the client, over a real registry.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after } from 'node:test'
import { GrpcClient } from '../../../client/grpc.ts'
import { systemClock } from '../../../lib/clock.ts'
import { silentLogger } from '../../../lib/logger.ts'
import { clientSuite } from '../../../test/suites/client.ts'
import { openDoors } from '../../../test/suites/doors.ts'
import { createRegistry } from '../../registry/registry.ts'
import { openStore } from '../../store/open.ts'

const open = new Set<() => Promise<void>>()

// A test that is skipped while it runs leaves its subject open.
after(async () => {
  for (const close of open) await close()
})

clientSuite('gRPC', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tessera-grpc-'))
  const controller = new AbortController()
  const store = await openStore(`embedded:${path.join(folder, 'store')}`)
  const registry = await createRegistry({ store, clock: systemClock, logger: silentLogger, signal: controller.signal })
  const doors = await openDoors(registry)
  const client = new GrpcClient(doors.admin)
  const close = async (): Promise<void> => {
    if (!open.delete(close)) return
    client.close()
    await doors.close()
    controller.abort()
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  }
  open.add(close)
  return { client, close }
})
