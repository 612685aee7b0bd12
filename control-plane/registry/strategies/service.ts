// A Service takes addresses and ports of the cluster; they are claimed before it is written and given back after.
import { StatusError } from '../../../api/errors.ts'
import { type Service, type ServicePort, type ServiceSpec, services } from '../../../api/kinds/core-v1/service.ts'
import { needsAddress, needsPorts } from '../../../api/kinds/core-v1/service-allocation.ts'
import { type FieldError, invalid } from '../../../api/schema/field-error.ts'
import type { Lookup } from '../lookup.ts'
import { type ClaimOptions, type ClaimOwner, ClaimTable } from './claims.ts'
import { type NumberRange, takeAny } from './number-pool.ts'
import { type AddressBlock, addressBlock } from './service-addresses.ts'
import type { RegistryStrategy, Reservation } from './strategy.ts'

export interface ServiceStrategyOptions extends Pick<ClaimOptions, 'store' | 'clock'> {
  readonly lookup: Lookup
  readonly serviceCidr: string
  readonly nodePorts: NumberRange
}

export function serviceStrategy(options: ServiceStrategyOptions): RegistryStrategy<Service> {
  const { lookup, serviceCidr, nodePorts } = options
  const block = addressBlock(serviceCidr)
  const inUse = (uid: string): Held =>
    heldBy(lookup.list(services).find(({ metadata }) => metadata.uid === uid)?.spec ?? {})
  const addresses = new ClaimTable({
    ...options,
    prefix: '/registry/claims/service-addresses/',
    uses: (uid, address) => inUse(uid).addresses.includes(address),
  })
  const ports = new ClaimTable({
    ...options,
    prefix: '/registry/claims/node-ports/',
    uses: (uid, port) => inUse(uid).ports.includes(Number(port)),
  })
  const giveBack = async (owner: ClaimOwner, held: Held): Promise<void> => {
    await Promise.all([addresses.giveBack(held.addresses, owner), ports.giveBack(held.ports.map(String), owner)])
  }
  return {
    async reserve(service, old) {
      const owner = { uid: service.metadata.uid ?? '' }
      const before = old === undefined ? nothing : heldBy(old.spec)
      const allocation = new Allocation(service, before, owner)
      try {
        const withAddress = await allocation.address(service.spec, block, addresses)
        service.spec = await allocation.ports(withAddress, nodePorts, ports)
      } catch (error) {
        await giveBack(owner, allocation.taken)
        throw error
      }
      const { taken } = allocation
      return {
        confirm: () => giveBack(owner, without(before, heldBy(service.spec))),
        abandon: () => giveBack(owner, taken),
      } satisfies Reservation
    },

    release: ({ metadata: { uid = '' }, spec }) => giveBack({ uid }, heldBy(spec)),
  }
}

interface Held {
  readonly addresses: readonly string[]
  readonly ports: readonly number[]
}

const nothing: Held = { addresses: [], ports: [] }

function heldBy({ clusterIP = '', ports = [], healthCheckNodePort = 0 }: ServiceSpec): Held {
  const nodePorts = [...ports.map(({ nodePort = 0 }) => nodePort), healthCheckNodePort].filter(port => port !== 0)
  return { addresses: clusterIP === '' || clusterIP === 'None' ? [] : [clusterIP], ports: [...new Set(nodePorts)] }
}

const without = (before: Held, after: Held): Held => ({
  addresses: before.addresses.filter(address => !after.addresses.includes(address)),
  ports: before.ports.filter(port => !after.ports.includes(port)),
})

/** What is taken for one write, so that all of it can be given back. */
class Allocation {
  readonly #service: Service
  readonly #before: Held
  readonly #owner: ClaimOwner
  readonly #addresses: string[] = []
  readonly #ports: number[] = []

  constructor(service: Service, before: Held, owner: ClaimOwner) {
    this.#service = service
    this.#before = before
    this.#owner = owner
  }

  get taken(): Held {
    return { addresses: this.#addresses, ports: this.#ports }
  }

  async address(spec: ServiceSpec, block: AddressBlock, claims: ClaimTable): Promise<ServiceSpec> {
    if (!needsAddress(spec)) return spec
    const { clusterIP = '' } = spec
    if (clusterIP === '') {
      const offset = await takeAny(
        { claims, ranges: block.ranges, nameOf: offset => block.address(offset) },
        this.#owner,
      )
      if (offset === undefined) {
        throw StatusError.internalError(`failed to allocate a serviceIP: range is full (${block.cidr})`)
      }
      const address = block.address(offset)
      this.#addresses.push(address)
      return { ...spec, clusterIP: address, clusterIPs: [address] }
    }
    if (this.#before.addresses.includes(clusterIP)) return spec
    const refuse = (why: string): never =>
      this.#refuse(invalid('spec.clusterIPs', [clusterIP], `failed to allocate IP ${clusterIP}: ${why}`))
    if (!block.contains(clusterIP)) {
      refuse(`the provided IP (${clusterIP}) is not in the valid range. The range of valid IPs is ${block.cidr}`)
    }
    if (!(await claims.take(clusterIP, this.#owner))) refuse('provided IP is already allocated')
    this.#addresses.push(clusterIP)
    return { ...spec, clusterIPs: [clusterIP] }
  }

  async ports(spec: ServiceSpec, range: NumberRange, claims: ClaimTable): Promise<ServiceSpec> {
    if (!needsPorts(spec)) return spec
    const ports: ServicePort[] = []
    for (const [index, port] of (spec.ports ?? []).entries()) {
      const { nodePort = 0 } = port
      // One number may serve the same port for TCP and UDP.
      if (nodePort !== 0) await this.#givenPort(`spec.ports[${index}].nodePort`, nodePort, range, claims)
      ports.push(nodePort === 0 ? { ...port, nodePort: await this.#anyPort(range, claims) } : port)
    }
    const local = spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local'
    const { healthCheckNodePort = 0 } = spec
    if (!local) return { ...spec, ports }
    if (healthCheckNodePort !== 0) await this.#givenPort('spec.healthCheckNodePort', healthCheckNodePort, range, claims)
    return { ...spec, ports, healthCheckNodePort: healthCheckNodePort || (await this.#anyPort(range, claims)) }
  }

  async #givenPort(field: string, port: number, range: NumberRange, claims: ClaimTable): Promise<void> {
    if (this.#before.ports.includes(port) || this.#ports.includes(port)) return
    if (port < range.from || port > range.to) {
      const valid = `The range of valid ports is ${range.from}-${range.to}`
      this.#refuse(invalid(field, port, `provided port is not in the valid range. ${valid}`))
    }
    if (!(await claims.take(String(port), this.#owner))) {
      this.#refuse(invalid(field, port, 'provided port is already allocated'))
    }
    this.#ports.push(port)
  }

  async #anyPort(range: NumberRange, claims: ClaimTable): Promise<number> {
    const port = await takeAny({ claims, ranges: [range], nameOf: String }, this.#owner)
    if (port === undefined) {
      throw StatusError.internalError(`failed to allocate a nodePort: range is full (${range.from}-${range.to})`)
    }
    this.#ports.push(port)
    return port
  }

  #refuse(error: FieldError): never {
    throw StatusError.invalid(services, this.#service.metadata.name ?? '', [error])
  }
}
