// The plugins in their order: all that mutate, then (the verb validates the object), all that validate, all that
// reserve.
import type { Lookup } from '../lookup.ts'
import type { Reservation } from '../strategies/strategy.ts'
import type { AdmissionPlugin, Attributes } from './plugin.ts'

export class AdmissionChain {
  readonly #plugins: readonly AdmissionPlugin[]
  readonly #lookup: Lookup

  constructor(plugins: readonly AdmissionPlugin[], lookup: Lookup) {
    this.#plugins = plugins
    this.#lookup = lookup
  }

  /** @throws StatusError */
  async mutate(attributes: Attributes): Promise<void> {
    for (const plugin of this.#plugins) {
      if (plugin.mutate !== undefined && plugin.handles(attributes)) await plugin.mutate(attributes, this.#lookup)
    }
  }

  /** @throws StatusError */
  async validate(attributes: Attributes): Promise<void> {
    for (const plugin of this.#plugins) {
      if (plugin.validate !== undefined && plugin.handles(attributes)) await plugin.validate(attributes, this.#lookup)
    }
  }

  /** What was taken for the write, to be kept or given back. @throws StatusError; then nothing stays taken */
  async reserve(attributes: Attributes): Promise<Reservation[]> {
    const reservations: Reservation[] = []
    try {
      for (const plugin of this.#plugins) {
        if (plugin.reserve === undefined || !plugin.handles(attributes)) continue
        const reservation = await plugin.reserve(attributes, this.#lookup)
        if (reservation !== undefined) reservations.push(reservation)
      }
      return reservations
    } catch (error) {
      await Promise.all(reservations.map(reservation => reservation.abandon()))
      throw error
    }
  }
}
