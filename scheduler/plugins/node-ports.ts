import type { FilterPlugin, Refusal } from '../framework/plugin.ts'
import type { HostPort } from '../framework/pod-info.ts'
import type { NodeInfo } from '../framework/snapshot.ts'

const refusal: Refusal = {
  plugin: 'NodePorts',
  reasons: ["node(s) didn't have free ports for the requested pod ports"],
  resolvable: true,
}

const every = '0.0.0.0'

/** Host ports must be free on the node: same protocol and port, and the same address or one of both every address. */
export const nodePorts: FilterPlugin = {
  name: refusal.plugin,
  wokenBy: ['node-added', 'assigned-pod-gone'],
  prepare({ hostPorts }, snapshot) {
    if (hostPorts.length === 0) return undefined
    return row => {
      const node = snapshot.node(row)
      return hostPorts.some(port => isTaken(port, node)) ? refusal : undefined
    }
  },
}

function isTaken({ ip, protocol, port }: HostPort, { ports }: NodeInfo): boolean {
  const taken = ports.get(`${protocol}/${port}`)
  return taken !== undefined && (ip === every || taken.has(ip) || taken.has(every))
}
