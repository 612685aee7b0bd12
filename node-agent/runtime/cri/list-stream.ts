// The lists that CRI streams (KEP-5825), so that none of them outgrows a message.
import type { Listener } from './service.ts'

/** One item a message: whatever its size, and however many there are. Ends early when the client is gone. */
export async function streamEach<Item, Response>(
  items: Iterable<Item>,
  client: Pick<Listener<Response>, 'send' | 'signal'>,
  message: (item: Item) => Response | Promise<Response>,
): Promise<void> {
  for (const item of items) {
    if (client.signal.aborted) return
    await client.send(await message(item))
  }
}
