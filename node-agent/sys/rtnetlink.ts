// rtnetlink(7): links, addresses and routes of the network namespace that a socket was opened in.
import { hasCode, ignoring, SyscallError } from './errno.ts'
import {
  type Attribute,
  decodeAttributes,
  decodeString,
  encodeAttributes,
  type NetlinkSocket,
  NLM_F_CREATE,
  NLM_F_EXCL,
} from './netlink.ts'

const RTM_NEWLINK = 16
const RTM_DELLINK = 17
const RTM_GETLINK = 18
const RTM_SETLINK = 19
const RTM_NEWADDR = 20
const RTM_NEWROUTE = 24

const AF_INET = 2
const AF_BRIDGE = 7
const IFF_UP = 1

const IFLA_ADDRESS = 1
const IFLA_IFNAME = 3
const IFLA_MTU = 4
const IFLA_MASTER = 10
const IFLA_PROTINFO = 12
const IFLA_LINKINFO = 18
const IFLA_STATS64 = 23
const IFLA_NET_NS_FD = 28
const IFLA_INFO_KIND = 1
const IFLA_INFO_DATA = 2
const VETH_INFO_PEER = 1
const IFLA_BRPORT_MODE = 4

const RT_TABLE_MAIN = 254
const RTPROT_STATIC = 4
const RTN_UNICAST = 1
const IFA_ADDRESS = 1
const IFA_LOCAL = 2
const ENODEV = 19
const RTA_OIF = 4
const RTA_GATEWAY = 5

/** As the link sees them. */
export interface LinkStatistics {
  readonly rxPackets: number
  readonly txPackets: number
  readonly rxBytes: number
  readonly txBytes: number
  readonly rxErrors: number
  readonly txErrors: number
  readonly rxDropped: number
  readonly txDropped: number
}

export interface Link {
  readonly index: number
  readonly name: string
  readonly statistics: LinkStatistics
}

export interface VethPair {
  readonly name: string
  /** The bridge the near end becomes a port of. */
  readonly masterIndex: number
  readonly mtu: number
  readonly peerName: string
  readonly peerMac: Uint8Array
  readonly peerNamespaceFd: number
}

/** Undefined when there is none of that name. */
export function findLink(socket: NetlinkSocket, name: string): Link | undefined {
  try {
    const [answer] = socket.request({
      type: RTM_GETLINK,
      header: linkHeader(0, 0),
      attributes: [[IFLA_IFNAME, name]],
      subject: `link ${name}`,
    })
    return answer && decodeLink(answer)
  } catch (error) {
    if (hasCode(error, 'ENODEV')) return undefined
    throw error
  }
}

/**
 * Makes a bridge where there is none of that name, up. Answers its index. Its MAC address is given: else it would follow
 * the ports' and change.
 */
export function createBridge(socket: NetlinkSocket, name: string, mtu: number, mac: Uint8Array): number {
  ignoring(['EEXIST'], () =>
    socket.request({
      type: RTM_NEWLINK,
      flags: NLM_F_CREATE | NLM_F_EXCL,
      header: linkHeader(0, 0),
      attributes: [
        [IFLA_IFNAME, name],
        [IFLA_MTU, mtu],
        [IFLA_ADDRESS, mac],
        [IFLA_LINKINFO, [[IFLA_INFO_KIND, 'bridge']]],
      ],
      subject: `bridge ${name}`,
    }),
  )
  setLinkUp(socket, name)
  return requireLink(socket, name).index
}

/**
 * A pair with its far end made inside another namespace; the near end is up (the far one can't be before both exist).
 * Throws EEXIST.
 */
export function createVethPair(socket: NetlinkSocket, pair: VethPair): void {
  const { name, masterIndex, mtu, peerName, peerMac, peerNamespaceFd } = pair
  const peerAttributes: Attribute[] = [
    [IFLA_IFNAME, peerName],
    [IFLA_MTU, mtu],
    [IFLA_ADDRESS, peerMac],
    [IFLA_NET_NS_FD, peerNamespaceFd],
  ]
  // Not up yet: an end can come up only once it has its other one (veth_open answers ENOTCONN).
  const peer = Buffer.concat([linkHeader(0, 0), encodeAttributes(peerAttributes)])
  const data: Attribute[] = [[VETH_INFO_PEER, peer]]
  const info: Attribute[] = [
    [IFLA_INFO_KIND, 'veth'],
    [IFLA_INFO_DATA, data],
  ]
  socket.request({
    type: RTM_NEWLINK,
    flags: NLM_F_CREATE | NLM_F_EXCL,
    header: linkHeader(0, IFF_UP),
    attributes: [
      [IFLA_IFNAME, name],
      [IFLA_MTU, mtu],
      [IFLA_MASTER, masterIndex],
      [IFLA_LINKINFO, info],
    ],
    subject: `veth ${name}`,
  })
}

/** Lets a bridge send a frame back out of the port it came in by: for a pod that reaches itself through a host port. */
export function setHairpin(socket: NetlinkSocket, name: string): void {
  socket.request({
    type: RTM_SETLINK,
    header: linkHeader(requireLink(socket, name).index, 0, AF_BRIDGE),
    attributes: [[IFLA_PROTINFO, [[IFLA_BRPORT_MODE, new Uint8Array([1])]]]],
    subject: `hairpin mode of link ${name}`,
  })
}

export function setLinkUp(socket: NetlinkSocket, name: string): void {
  const attributes: Attribute[] = [[IFLA_IFNAME, name]]
  socket.request({ type: RTM_NEWLINK, header: linkHeader(0, IFF_UP), attributes, subject: `link ${name}` })
}

/** False when there is none of that name. */
export function deleteLink(socket: NetlinkSocket, name: string): boolean {
  try {
    const attributes: Attribute[] = [[IFLA_IFNAME, name]]
    socket.request({ type: RTM_DELLINK, header: linkHeader(0, 0), attributes, subject: `link ${name}` })
    return true
  } catch (error) {
    if (hasCode(error, 'ENODEV')) return false
    throw error
  }
}

/** An IPv4 address (network byte order); one that is there already is fine. */
export function addAddress(socket: NetlinkSocket, linkIndex: number, address: Uint8Array, prefixLength: number): void {
  // struct ifaddrmsg: family, prefix length, flags, scope, u32 index
  const header = Buffer.alloc(8)
  header.writeUInt8(AF_INET, 0)
  header.writeUInt8(prefixLength, 1)
  header.writeUInt32LE(linkIndex, 4)
  ignoring(['EEXIST'], () =>
    socket.request({
      type: RTM_NEWADDR,
      flags: NLM_F_CREATE | NLM_F_EXCL,
      header,
      attributes: [
        [IFA_LOCAL, address],
        [IFA_ADDRESS, address],
      ],
      subject: `address ${address.join('.')}/${prefixLength} on link ${linkIndex}`,
    }),
  )
}

/** The IPv4 default route; one that is there already is fine. */
export function addDefaultRoute(socket: NetlinkSocket, linkIndex: number, gateway: Uint8Array): void {
  // struct rtmsg: family, lengths of destination and source, tos, table, protocol, scope, type, u32 flags
  const header = Buffer.from([AF_INET, 0, 0, 0, RT_TABLE_MAIN, RTPROT_STATIC, 0, RTN_UNICAST, 0, 0, 0, 0])
  ignoring(['EEXIST'], () =>
    socket.request({
      type: RTM_NEWROUTE,
      flags: NLM_F_CREATE | NLM_F_EXCL,
      header,
      attributes: [
        [RTA_OIF, linkIndex],
        [RTA_GATEWAY, gateway],
      ],
      subject: `default route by ${gateway.join('.')}`,
    }),
  )
}

/** As `findLink`; throws ENODEV. */
export function requireLink(socket: NetlinkSocket, name: string): Link {
  const link = findLink(socket, name)
  if (link === undefined) throw new SyscallError('netlink', ENODEV, `link ${name}`)
  return link
}

/** struct ifinfomsg: family, padding, u16 type, s32 index, u32 flags, u32 change */
function linkHeader(index: number, flags: number, family = 0): Buffer {
  const header = Buffer.alloc(16)
  header.writeUInt8(family, 0)
  header.writeInt32LE(index, 4)
  header.writeUInt32LE(flags, 8)
  header.writeUInt32LE(flags, 12)
  return header
}

function decodeLink(payload: Buffer): Link {
  const attributes = decodeAttributes(payload.subarray(16))
  return {
    index: payload.readInt32LE(4),
    name: decodeString(attributes.get(IFLA_IFNAME)),
    statistics: decodeStatistics(attributes.get(IFLA_STATS64)),
  }
}

/** struct rtnl_link_stats64: a u64 each, in this order. */
function decodeStatistics(bytes: Buffer | undefined): LinkStatistics {
  const field = (index: number): number => (bytes === undefined ? 0 : Number(bytes.readBigUInt64LE(index * 8)))
  return {
    rxPackets: field(0),
    txPackets: field(1),
    rxBytes: field(2),
    txBytes: field(3),
    rxErrors: field(4),
    txErrors: field(5),
    rxDropped: field(6),
    txDropped: field(7),
  }
}
