// The gRPC door as its clients see it: the behaviour suite of the client, over a real registry.
import { after } from 'node:test'
import { GrpcClient } from '../../../client/grpc.ts'
import { clientSuite } from '../../../test/suites/client.ts'
import { openControlPlane } from '../../../test/suites/doors.ts'

const open = new Set<() => Promise<void>>()

// A test that is skipped while it runs leaves its subject open.
after(async () => {
  for (const close of open) await close()
})

clientSuite('gRPC', async () => {
  const controlPlane = await openControlPlane()
  const client = new GrpcClient(controlPlane.doors.admin)
  const close = async (): Promise<void> => {
    if (!open.delete(close)) return
    client.close()
    await controlPlane.close()
  }
  open.add(close)
  return { client, close }
})
