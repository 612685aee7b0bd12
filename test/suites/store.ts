// What every store driver must do, whatever holds its data. A driver's test file calls `storeSuite`.
import { after, before, describe } from 'node:test'
import { SharedStore, type StoreUnderTest } from './store-fixture.ts'
import { lifetimeTests } from './store-lifetimes.ts'
import { readsAndWritesTests } from './store-reads-and-writes.ts'
import { watchTests } from './store-watches.ts'

export interface SuiteOptions {
  /** How often the property tests run. */
  readonly runs: number
}

export function storeSuite(name: string, start: () => Promise<StoreUnderTest>, { runs }: SuiteOptions): void {
  describe(name, { timeout: 180_000 }, () => {
    const subject = new SharedStore(start)
    before(() => subject.open())
    after(() => subject.dispose())
    readsAndWritesTests(subject, runs)
    watchTests(subject)
    lifetimeTests(subject)
  })
}
