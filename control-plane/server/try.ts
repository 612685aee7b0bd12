import { mkdtempSync, symlinkSync, rmSync } from 'node:fs'
import { openStore } from '../store/open.ts'
import { createRegistry } from '../registry/registry.ts'
import { systemClock } from '../../lib/clock.ts'
import { createLogger } from '../../lib/logger.ts'
import { openDoors } from '../../test/suites/doors.ts'
const dir = mkdtempSync('/tmp/try/store-')
const logger = createLogger('try', 'debug')
const controller = new AbortController()
const store = await openStore(`embedded:${dir}`, { logger })
const registry = await createRegistry({ store, clock: systemClock, logger, signal: controller.signal })
const doors = await openDoors(registry, { logger })
rmSync('/tmp/try/kubeconfig', { force: true })
symlinkSync(doors.kubeconfig, '/tmp/try/kubeconfig')
console.log(doors.rest.port, doors.kubeconfig)
process.on('SIGTERM', async () => { await doors.close(); controller.abort(); await store.close(); rmSync(dir, {recursive: true}); process.exit(0) })
