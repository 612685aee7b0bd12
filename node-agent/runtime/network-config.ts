// The pod CIDR across restarts: CRI tells it once, by UpdateRuntimeConfig.
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { hasCode } from '../sys/errno.ts'
import type { Sandboxes } from './sandbox/sandbox.ts'

export class NetworkConfig {
  readonly #file: string
  readonly #sandboxes: Sandboxes
  #podCidr: string | undefined

  constructor(root: string, sandboxes: Sandboxes) {
    this.#file = path.join(root, 'network.json')
    this.#sandboxes = sandboxes
    this.#podCidr = this.#read()
  }

  /** Sets up what was configured last, or else the given one. */
  restore(fallback: string | undefined): void {
    const podCidr = this.#podCidr ?? fallback
    if (podCidr !== undefined) this.#sandboxes.configureNetwork(podCidr)
  }

  configure(podCidr: string): void {
    if (podCidr === this.#podCidr && this.#sandboxes.networkReady) return
    this.#sandboxes.configureNetwork(podCidr)
    writeFileSync(`${this.#file}.new`, JSON.stringify({ podCidr }))
    renameSync(`${this.#file}.new`, this.#file)
    this.#podCidr = podCidr
  }

  #read(): string | undefined {
    try {
      const { podCidr } = JSON.parse(readFileSync(this.#file, 'utf8')) as { podCidr?: string }
      return podCidr
    } catch (error) {
      if (hasCode(error, 'ENOENT') || error instanceof SyntaxError) return undefined
      throw error
    }
  }
}
