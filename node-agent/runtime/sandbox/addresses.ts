// Who has which address: a file per address, named for it and holding its sandbox, made exclusively. So neither a
// crash nor a second process can give one address twice.
import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { hasCode } from '../../sys/errno.ts'
import { RuntimeError } from '../errors.ts'
import { formatAddress, gatewayOf, type Network, parseAddress } from './ipv4.ts'

export class AddressPool {
  readonly #folder: string
  #latest = 0

  constructor(folder: string) {
    this.#folder = folder
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  }

  /**
   * A free address of the network, for a sandbox. The search starts behind the one given last, so that an address
   * rests before it means another pod.
   * @throws RuntimeError `limit` when every address is taken
   */
  take(network: Network, sandboxId: string): number {
    const lowest = gatewayOf(network) + 1
    const count = network.size - 3
    const start = this.#latest >= lowest ? this.#latest - lowest + 1 : 0
    // Written aside and linked, so that a file with an address's name is never without its owner.
    const draft = path.join(this.#folder, `.${sandboxId}`)
    writeFileSync(draft, sandboxId)
    try {
      for (let i = 0; i < count; i++) {
        const address = lowest + ((start + i) % count)
        try {
          linkSync(draft, this.#file(address))
          this.#latest = address
          return address
        } catch (error) {
          if (!hasCode(error, 'EEXIST')) throw error
        }
      }
    } finally {
      rmSync(draft, { force: true })
    }
    throw new RuntimeError(
      'limit',
      `all ${count} addresses of ${network.cidr} are taken: delete pods or give this node a larger pod CIDR`,
    )
  }

  release(sandboxId: string): void {
    for (const [file, owner] of this.#entries()) if (owner === sandboxId) rmSync(file, { force: true })
  }

  /** Sandboxes that hold an address. */
  owners(): ReadonlySet<string> {
    return new Set(this.#entries().map(([, owner]) => owner))
  }

  #entries(): [file: string, owner: string][] {
    return readdirSync(this.#folder)
      .filter(name => parseAddress(name) !== undefined)
      .map(name => path.join(this.#folder, name))
      .map(file => [file, readFileSync(file, 'utf8')])
  }

  #file(address: number): string {
    return path.join(this.#folder, formatAddress(address))
  }
}
