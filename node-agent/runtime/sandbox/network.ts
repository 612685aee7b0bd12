// The pods' side of a node's network: a bridge, a veth pair a pod, addresses, and the way out.
import { createHash } from 'node:crypto'
import { closeSync, openSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { NetlinkSocket } from '../../sys/netlink.ts'
import { nft } from '../../sys/nftables.ts'
import {
  addAddress,
  addDefaultRoute,
  createBridge,
  createVethPair,
  deleteLink,
  findLink,
  requireLink,
  setHairpin,
  setLinkUp,
} from '../../sys/rtnetlink.ts'
import { messageOf, RuntimeError } from '../errors.ts'
import { AddressPool } from './addresses.ts'
import { addressBytes, formatAddress, gatewayOf, macOf, type Network, parseNetwork } from './ipv4.ts'
import { baseRules, hostPortRules } from './rules.ts'
import { type NetworkStats, type PortMapping } from './sandbox.ts'

const podInterface = 'eth0'

export interface PodNetworkConfig {
  readonly instance: string
  readonly stateDir: string
  readonly mtu: number
}

export class PodNetwork {
  readonly #bridge: string
  readonly #table: string
  readonly #mtu: number
  readonly #pool: AddressPool
  readonly #host = new NetlinkSocket()
  #network: (Network & { readonly bridgeIndex: number }) | undefined

  constructor({ instance, stateDir, mtu }: PodNetworkConfig) {
    this.#bridge = `${instance}0`
    this.#table = instance
    this.#mtu = mtu
    this.#pool = new AddressPool(path.join(stateDir, 'addresses'))
  }

  get ready(): boolean {
    return this.#network !== undefined
  }

  /** @throws Error for a CIDR that is none, NftablesError, SyscallError */
  configure(podCidr: string): void {
    if (this.#network?.cidr === podCidr) return
    const network = parseNetwork(podCidr)
    const bridgeIndex = createBridge(this.#host, this.#bridge, this.#mtu, macOf(gatewayOf(network)))
    addAddress(this.#host, bridgeIndex, addressBytes(gatewayOf(network)), network.prefixLength)
    writeFileSync('/proc/sys/net/ipv4/ip_forward', '1')
    nft(baseRules(this.#table, this.#bridge, podCidr))
    // After the rules, whose guard has to be there first.
    writeFileSync(`/proc/sys/net/ipv4/conf/${this.#bridge}/route_localnet`, '1')
    this.#network = { ...network, bridgeIndex }
  }

  /**
   * Gives a new network namespace its interface, address and default route.
   * @param inside a socket made in that namespace
   * @param namespaceFile pins the namespace
   */
  attach(sandboxId: string, inside: NetlinkSocket, namespaceFile: string): { address: string; hostInterface: string } {
    if (this.#network === undefined) {
      throw new Error('this node has no pod CIDR yet: set one with UpdateRuntimeConfig or --pod-cidr')
    }
    const network = this.#network
    const hostInterface = this.interfaceName(sandboxId)
    const address = this.#pool.take(network, sandboxId)
    const namespace = openSync(namespaceFile, 'r')
    try {
      createVethPair(this.#host, {
        name: hostInterface,
        masterIndex: network.bridgeIndex,
        peerName: podInterface,
        peerMac: macOf(address),
        peerNamespaceFd: namespace,
        mtu: this.#mtu,
      })
    } finally {
      closeSync(namespace)
    }
    setHairpin(this.#host, hostInterface)
    // Asked for, not assumed: loaded tunnel modules put devices of theirs into every new namespace.
    const { index } = requireLink(inside, podInterface)
    addAddress(inside, index, addressBytes(address), network.prefixLength)
    setLinkUp(inside, podInterface)
    addDefaultRoute(inside, index, addressBytes(gatewayOf(network)))
    return { address: formatAddress(address), hostInterface }
  }

  /** @throws RuntimeError `exists` when another pod has one of the ports */
  mapPorts(address: string, mappings: readonly PortMapping[]): void {
    const rules = hostPortRules('add', this.#table, address, mappings)
    if (rules === '') return
    try {
      nft(rules)
    } catch (error) {
      // An element with another value: EEXIST (strerror(3), in the library's words).
      if (!/File exists/.test(messageOf(error))) throw error
      const ports = mappings.map(({ hostPort, protocol }) => `${hostPort}/${protocol}`).join(', ')
      throw new RuntimeError('exists', `another pod has one of the host ports ${ports}`, { cause: error })
    }
  }

  unmapPorts(address: string, mappings: readonly PortMapping[]): void {
    const rules = hostPortRules('delete', this.#table, address, mappings)
    if (rules !== '') nft(rules)
  }

  /** The interface itself goes with its namespace; that costs nothing here, deleting it would cost 20 ms. */
  release(sandboxId: string): void {
    this.#pool.release(sandboxId)
  }

  /** Sandboxes that hold an address. */
  owners(): ReadonlySet<string> {
    return this.#pool.owners()
  }

  /** For what a namespace that something still uses keeps alive. */
  deleteInterface(sandboxId: string): void {
    deleteLink(this.#host, this.interfaceName(sandboxId))
  }

  /** Takes bridge and rules away. */
  tearDown(): void {
    deleteLink(this.#host, this.#bridge)
    nft(`add table ip ${this.#table}\ndelete table ip ${this.#table}\n`)
    this.#network = undefined
  }

  /** What the host's end received the pod sent, and the other way round. Undefined when the interface is gone. */
  stats(hostInterface: string): NetworkStats | undefined {
    const statistics = findLink(this.#host, hostInterface)?.statistics
    if (statistics === undefined) return undefined
    return {
      interface: podInterface,
      rxPackets: statistics.txPackets,
      txPackets: statistics.rxPackets,
      rxBytes: statistics.txBytes,
      txBytes: statistics.rxBytes,
      rxErrors: statistics.txErrors,
      txErrors: statistics.rxErrors,
      rxDropped: statistics.txDropped,
      txDropped: statistics.rxDropped,
    }
  }

  /** At most 15 characters (IFNAMSIZ): the instance, a `v`, and six hexadecimal digits of the sandbox. */
  interfaceName(sandboxId: string): string {
    return `${this.#table}v${createHash('sha256').update(sandboxId).digest('hex').slice(0, 6)}`
  }
}
