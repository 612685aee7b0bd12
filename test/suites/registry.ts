// What the registry must do, whatever store it is on. A store's test file calls `registrySuite`.
import { after, before, describe } from 'node:test'
import { RegistryFixture } from './registry-fixture.ts'
import { kindsTests } from './registry-kinds.ts'
import { readsTests } from './registry-reads.ts'
import { writesTests } from './registry-writes.ts'
import type { StoreUnderTest } from './store.ts'

export function registrySuite(name: string, start: () => Promise<StoreUnderTest>): void {
  describe(name, { timeout: 120_000 }, () => {
    let under: StoreUnderTest
    let fixture: RegistryFixture
    before(async () => {
      under = await start()
      fixture = await RegistryFixture.open(await under.open())
    })
    after(async () => {
      fixture.close()
      await fixture.store.close()
      await under.dispose()
    })
    writesTests(() => fixture)
    readsTests(() => fixture)
    kindsTests(() => fixture)
  })
}
