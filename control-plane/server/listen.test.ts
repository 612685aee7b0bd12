// What the doors say when their address can't be listened on.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../../lib/clock.ts'
import { silentLogger } from '../../lib/logger.ts'
import { authenticate } from '../auth/authenticate.ts'
import { openPki } from '../auth/pki.ts'
import { Catalogue } from '../registry/catalogue.ts'
import type { Registry } from '../registry/contract.ts'
import { startGrpcServer } from './grpc/server.ts'
import { startRestServer } from './rest/server.ts'
import { Sessions } from './sessions/sessions.ts'

test('a port that is taken is named', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tessera-listen-'))
  const occupant = createServer()
  await new Promise<void>(resolve => occupant.listen(0, '127.0.0.1', resolve))
  try {
    const address = occupant.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const { signal } = new AbortController()
    const unused = () => Promise.reject(new Error('not part of this test'))
    const registry: Registry = {
      catalogue: new Catalogue(),
      add: unused,
      remove: () => {},
      resources: [],
      resource: () => undefined,
      bind: unused,
      ready: unused,
    }
    const options = {
      registry,
      sessions: new Sessions({ clock: systemClock, logger: silentLogger, signal }),
      authenticate,
      authorize: () => true,
      tls: (await openPki(folder)).server,
      listen: { host: '127.0.0.1', port },
      logger: silentLogger,
      signal,
    }
    for (const start of [startRestServer, startGrpcServer]) {
      await assert.rejects(start(options), new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port} .*EADDRINUSE`))
    }
  } finally {
    occupant.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
