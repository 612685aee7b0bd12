import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openStore } from '../../control-plane/store/open.ts'
import { registrySuite } from './registry.ts'

registrySuite('registry on the embedded store', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'tessera-registry-'))
  return {
    open: () => openStore(`embedded:${directory}`),
    dispose: () => rm(directory, { recursive: true, force: true }),
  }
})
