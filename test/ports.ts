// Ports that no other test is given, however many test processes run at once.
import { randomInt } from 'node:crypto'
import { createServer, type Server } from 'node:net'

// Above those of well-known programs; below node ports and what the kernel gives to whoever asks for any (ip(7)).
const lowest = 10_000
const highest = 30_000

/**
 * So many ports in a row that nobody listens on; answers the first. They stay the caller's as long as its process
 * lives, also while nobody listens there: a server may begin late, end, and begin again.
 */
export async function claimPorts(count = 1): Promise<number> {
  for (;;) {
    const first = randomInt(lowest, highest - count)
    const claims: Server[] = []
    for (let port = first; port < first + count; port++) {
      const claim = await claimPort(port)
      if (claim === undefined) break
      claims.push(claim)
    }
    if (claims.length === count) return first
    for (const claim of claims) claim.close()
  }
}

/** The claim is a socket's abstract name (unix(7)): one process has it, and it vanishes with that process. */
async function claimPort(port: number): Promise<Server | undefined> {
  const claim = await listening({ path: `\0tessera-test-port-${port}` })
  const probe = claim && (await listening({ host: '127.0.0.1', port }))
  if (probe === undefined) {
    claim?.close()
    return undefined
  }
  await new Promise(resolve => probe.close(resolve))
  return claim?.unref()
}

function listening(address: { path: string } | { host: string; port: number }): Promise<Server | undefined> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(address, () => resolve(server))
  })
}
