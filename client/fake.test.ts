import { clientSuite } from '../test/suites/client.ts'
import { FakeClient } from './fake.ts'

clientSuite('fake', () => {
  const client = new FakeClient()
  return { client, compact: () => client.compact(), close: () => {} }
})
