import { clientSuite } from '../test/suites/client.ts'
import { FakeClient } from './fake.ts'

clientSuite(
  'fake',
  () => ({ client: new FakeClient(), close: () => {} }),
  ({ client }) => client.compact(),
)
