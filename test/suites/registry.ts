// What the registry must do, whatever store it is on. A store's test file calls `registrySuite`.
import { after, before, describe } from 'node:test'
import { RegistryFixture } from './registry-fixture.ts'
import { kindsTests } from './registry-kinds.ts'
import { readsTests } from './registry-reads.ts'
import { writesTests } from './registry-writes.ts'
import { SharedStore, type StoreUnderTest } from './store-fixture.ts'

export function registrySuite(name: string, start: () => Promise<StoreUnderTest>): void {
  describe(name, { timeout: 120_000 }, () => {
    const shared = new SharedStore(start)
    let fixture: RegistryFixture
    before(async () => {
      await shared.open()
      fixture = await RegistryFixture.open(shared.store)
    })
    after(async () => {
      try {
        fixture.close()
      } finally {
        await shared.dispose()
      }
    })
    writesTests(() => fixture)
    readsTests(() => fixture)
    kindsTests(() => fixture)
  })
}
