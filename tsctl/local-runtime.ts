// The runtime to ask for what only a node has: that of the context's cluster, on this machine.
import { existsSync } from 'node:fs'
import { defaultKubeconfigPath, kubeconfigPaths } from '../client/kubeconfig.ts'
import { type LocalNode, localNodes } from '../client/local-nodes.ts'
import type { Context } from './context.ts'
import { UsageError } from './errors.ts'

/**
 * The socket of the runtime of a cluster's node on this machine.
 * @param explicit the socket itself, whatever cluster it belongs to
 * @throws UsageError when there is no such node, or several
 */
export function localRuntimeSocket(context: Context, explicit: string | undefined): string {
  if (explicit !== undefined) {
    if (existsSync(explicit)) return explicit
    throw new UsageError(`no runtime listens at ${explicit}; run this on a node, as root`)
  }
  const { nodes, owner } = candidates(context)
  const [node, ...others] = nodes
  if (!node) {
    throw new UsageError(
      `${owner} has no node on this machine: run this on one of its nodes, as root; choose another cluster with --context or --kubeconfig; or name a runtime's socket with --runtime-socket`,
    )
  }
  if (others.length > 0) {
    const sockets = nodes.map(({ nodeName, runtimeSocket }) => `${nodeName} (${runtimeSocket})`).join(', ')
    throw new UsageError(`${owner} has several nodes here, ${sockets}: choose one with --runtime-socket`)
  }
  if (existsSync(node.runtimeSocket)) return node.runtimeSocket
  throw new UsageError(`the runtime of node ${node.nodeName} does not listen at ${node.runtimeSocket}: start it`)
}

function candidates(context: Context): { readonly nodes: readonly LocalNode[]; readonly owner: string } {
  const { kubeconfig, context: name } = context.options()
  const paths = kubeconfigPaths(kubeconfig)
  // A machine that is only a node has no kubeconfig for people. Nobody has named a cluster then, so any will do.
  if (name === undefined && paths.every(file => file === defaultKubeconfigPath && !existsSync(file))) {
    const nodes = localNodes()
    if (nodes.length > 0) return { nodes, owner: 'this machine' }
  }
  const { ca, context: chosen, server } = context.cluster()
  return { nodes: localNodes(ca), owner: `the cluster of context "${chosen}" (${server})` }
}
