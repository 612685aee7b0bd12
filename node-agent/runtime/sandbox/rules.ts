// The packet filter's rules for pods, as text for libnftables. Pure.
import { type PortMapping } from './sandbox.ts'

/**
 * Makes the instance's table as it should be, leaving the host ports it has: pods reach the outside under the node's
 * address, and mapped ports of the node reach pods, from 127.0.0.1 too.
 *
 * Such a connection leaves over the bridge with a loopback source, which the kernel routes only where `route_localnet` is
 * on (ip-sysctl), and takes the bridge's address there. The guard goes before that: with it on, the kernel also takes in
 * what a pod addresses to 127.0.0.0/8, or sends from there, and the node's own services would believe it (CVE-2020-8558).
 * No honest packet on the wire has a loopback address: answers come to the bridge's, and are translated after the guard.
 * What comes in elsewhere for 127.0.0.0/8 is no business of pods either: translated, it would be routed all the same.
 */
export function baseRules(table: string, bridge: string, podCidr: string): string {
  return `add table ip ${table}
add map ip ${table} hostports { type inet_proto . inet_service : ipv4_addr . inet_service; }
add map ip ${table} hostports_of { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }
add chain ip ${table} guard { type filter hook prerouting priority raw; }
add chain ip ${table} postrouting { type nat hook postrouting priority srcnat; }
add chain ip ${table} prerouting { type nat hook prerouting priority dstnat; }
add chain ip ${table} output { type nat hook output priority -100; }
flush chain ip ${table} guard
flush chain ip ${table} postrouting
flush chain ip ${table} prerouting
flush chain ip ${table} output
add rule ip ${table} guard iifname "${bridge}" ip daddr 127.0.0.0/8 drop
add rule ip ${table} guard iifname "${bridge}" ip saddr 127.0.0.0/8 drop
add rule ip ${table} postrouting ip saddr 127.0.0.0/8 oifname "${bridge}" masquerade
add rule ip ${table} postrouting ip saddr ${podCidr} oifname != "${bridge}" masquerade
add rule ip ${table} postrouting ip saddr ${podCidr} ip daddr ${podCidr} ct status dnat masquerade
add rule ip ${table} prerouting ip daddr != 127.0.0.0/8 fib daddr type local dnat ip to ip daddr . meta l4proto . th dport map @hostports_of
add rule ip ${table} prerouting ip daddr != 127.0.0.0/8 fib daddr type local dnat ip to meta l4proto . th dport map @hostports
add rule ip ${table} output fib daddr type local dnat ip to ip daddr . meta l4proto . th dport map @hostports_of
add rule ip ${table} output fib daddr type local dnat ip to meta l4proto . th dport map @hostports
`
}

const everyAddress = new Set([undefined, '', '0.0.0.0', '::'])

/**
 * Elements of the maps of host ports for one pod: those of one address of the host stand in a map of their own, which is
 * asked first.
 */
export function hostPortRules(
  verb: 'add' | 'delete',
  table: string,
  address: string,
  mappings: readonly PortMapping[],
): string {
  return mappings
    .map(({ protocol, hostPort, containerPort, hostIp }) => {
      const [map, prefix] = everyAddress.has(hostIp) ? ['hostports', ''] : ['hostports_of', `${hostIp} . `]
      const target = verb === 'add' ? ` : ${address} . ${containerPort}` : ''
      return `${verb} element ip ${table} ${map} { ${prefix}${protocol} . ${hostPort}${target} }\n`
    })
    .join('')
}
