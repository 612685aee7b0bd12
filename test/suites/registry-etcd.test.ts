import { openStore } from '../../control-plane/store/open.ts'
import { etcdServer } from './etcd-server.ts'
import { registrySuite } from './registry.ts'

registrySuite('registry on etcd', async () => {
  const server = await etcdServer()
  await server.start()
  return { open: () => openStore(`etcd://${server.address}`), dispose: () => server.dispose() }
})
