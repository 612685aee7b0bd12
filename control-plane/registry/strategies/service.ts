// A Service takes addresses and ports of the cluster; they are claimed before it is written and given back after.
import { StatusError } from '../../../api/errors.ts'
import { type Service, type ServicePort, type ServiceSpec, services } from '../../../api/kinds/core-v1.ts'
import type { KubernetesObject } from '../../../api/kinds/kind.ts'
import { type FieldError, invalid } from '../../../api/schema/field-error.ts'
import { type ClaimOptions, type ClaimOwner, ClaimTable } from './claims.ts'
import { type NumberRange, takeAny } from './number-pool.ts'
import { type AddressBlock, addressBlock } from './service-addresses.ts'
import type { Claims, Strategy } from './strategy.ts'

export interface ServiceStrategyOptions extends Pick<ClaimOptions, 'store' | 'clock'> {
  /** A Service that exists. */
  readonly find: (uid: string) => Service | undefined
  readonly cidr: string
  readonly nodePorts: NumberRange
}

export function serviceStrategy({ cidr, nodePorts, find, ...options }: ServiceStrategyOptions): Strategy<Service> {
  const block = addressBlock(cidr)
  const inUse = (uid: string): Held => heldBy(find(uid)?.spec ?? {})
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
    tracksGeneration: false,
    answersDeleted: true,

    prepareCreate(draft) {
      draft.spec = withFamilies(draft.spec)
    },

    prepareUpdate(draft, current) {
      draft.spec = withFamilies(keepAllocated(draft.spec, current.spec))
    },

    async claim(draft, current) {
      const owner = { uid: draft.metadata.uid ?? '' }
      const before = current === undefined ? nothing : heldBy(current.spec)
      const taking = new Taking(draft, before, owner)
      try {
        draft.spec = await taking.ports(await taking.address(draft.spec, block, addresses), nodePorts, ports)
      } catch (error) {
        await giveBack(owner, taking.taken)
        throw error
      }
      const { taken } = taking
      return {
        confirm: () => giveBack(owner, without(before, heldBy(draft.spec))),
        abandon: () => giveBack(owner, taken),
      } satisfies Claims
    },

    release: ({ metadata: { uid = '' }, spec }) => giveBack({ uid }, heldBy(spec)),
  }
}

interface Held {
  readonly addresses: readonly string[]
  readonly ports: readonly number[]
}

export function isService<T extends KubernetesObject>(object: T): object is T & Service {
  return object.kind === services.kind && object.apiVersion === services.apiVersion
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

const needsAddress = ({ type, clusterIP }: ServiceSpec): boolean => type !== 'ExternalName' && clusterIP !== 'None'

const needsPorts = ({ type, allocateLoadBalancerNodePorts }: ServiceSpec): boolean =>
  type === 'NodePort' || (type === 'LoadBalancer' && allocateLoadBalancerNodePorts !== false)

/** What is taken for one write, so that all of it can be given back. */
class Taking {
  readonly #draft: Service
  readonly #before: Held
  readonly #owner: ClaimOwner
  readonly #addresses: string[] = []
  readonly #ports: number[] = []

  constructor(draft: Service, before: Held, owner: ClaimOwner) {
    this.#draft = draft
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
    throw StatusError.invalid(services, this.#draft.metadata.name ?? '', [error])
  }
}

/** One address family: IPv4. */
function withFamilies(spec: ServiceSpec): ServiceSpec {
  if (spec.type === 'ExternalName') {
    const { clusterIP: _, clusterIPs: __, ipFamilies: ___, ipFamilyPolicy: ____, ...rest } = spec
    return rest
  }
  const clusterIP = spec.clusterIP ?? spec.clusterIPs?.[0]
  return {
    ...spec,
    ...(clusterIP !== undefined && { clusterIP, clusterIPs: [clusterIP] }),
    ipFamilies: spec.ipFamilies ?? ['IPv4'],
    ipFamilyPolicy: spec.ipFamilyPolicy ?? 'SingleStack',
  }
}

/** Who sends a Service without what was allocated for it means to keep that. */
function keepAllocated(spec: ServiceSpec, current: ServiceSpec): ServiceSpec {
  const kept = { ...spec }
  if (kept.type !== 'ExternalName' && current.type !== 'ExternalName' && (kept.clusterIP ?? '') === '') {
    if (current.clusterIP !== undefined) kept.clusterIP = current.clusterIP
    if (current.clusterIPs !== undefined) kept.clusterIPs = current.clusterIPs
  }
  if (!needsPorts(kept) || !needsPorts(current)) return kept
  const given = new Set((kept.ports ?? []).map(({ nodePort = 0 }) => nodePort))
  kept.ports = (kept.ports ?? []).map(port => {
    if ((port.nodePort ?? 0) !== 0) return port
    const same = current.ports?.find(other => other.port === port.port && other.protocol === port.protocol)
    const { nodePort = 0 } = same ?? {}
    return nodePort === 0 || given.has(nodePort) ? port : { ...port, nodePort }
  })
  if (kept.type === 'LoadBalancer' && current.healthCheckNodePort !== undefined) {
    kept.healthCheckNodePort ??= current.healthCheckNodePort
  }
  return kept
}
