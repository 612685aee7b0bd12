// The node agent's command line.
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { type SysctlAllowlist, sysctlAllowlist } from '../pods/admission/sysctls.ts'
import { nodeLabelError } from './node-labels.ts'

export interface Config {
  /** Absent: $TESSERA_KUBECONFIG, $KUBECONFIG, or the administrator's. */
  readonly kubeconfig?: string | undefined
  readonly nodeName: string
  readonly runtimeSocket: string
  /** Absolute. */
  readonly root: string
  /** Absolute. */
  readonly logs: string
  readonly podCidr?: string | undefined
  readonly staticPods?: string | undefined
  readonly cgroupRoot: string
  /** Absolute. */
  readonly seccompRoot: string
  readonly maxPods: number
  readonly podPidsLimit: number
  readonly nodeIps: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  readonly clusterDns: readonly string[]
  readonly clusterDomain: string
  readonly sysctls: SysctlAllowlist
}

export class FlagError extends Error {
  override readonly name = 'FlagError'
}

export const help = `Usage: node-agent [flags]

Runs the pods bound to this machine and reports it as a Node.

  --kubeconfig FILE       how to reach the API (default: $TESSERA_KUBECONFIG, $KUBECONFIG,
                          or /var/lib/tessera/pki/admin.kubeconfig)
  --node-name NAME        the Node's name (default: this machine's host name, in lower case)
  --node-ip ADDRESS       the Node's address; may be given again (default: that of the default route)
  --node-labels K=V,...   labels the Node is registered with
  --runtime-socket PATH   where the runtime listens (default: /run/tessera/runtime.sock)
  --root DIR              state: volumes and the like (default: /var/lib/tessera/node)
  --logs DIR              logs of containers (default: /var/log/tessera/pods)
  --pod-cidr CIDR         addresses of this node's pods (default: what the Node is assigned)
  --static-pods DIR       pods from the files of a directory, with or without a control plane
  --cgroup-root NAME      where the cgroups of pods are (default: tessera)
  --seccomp-root DIR      seccomp profiles that pods may name (default: seccomp beside --root)
  --max-pods N            how many pods fit (default: 110)
  --pod-pids-limit N      most processes of a pod; 0 for no limit (default: 0)
  --cluster-dns ADDRESS   the cluster's name server; may be given again (default: pods ask the host's)
  --cluster-domain NAME   the cluster's DNS domain (default: cluster.local)
  --allowed-unsafe-sysctls NAME,...
                          kernel parameters pods may set besides the safe ones; kernel.msg* stands for
                          all that begin so
  -h, --help              print this

Examples:
  node-agent --kubeconfig /var/lib/tessera/pki/node-local.kubeconfig --node-name local --pod-cidr 10.244.0.0/24
  node-agent --node-name edge-1 --static-pods /etc/tessera/static-pods
`

/** @throws FlagError that names the flag and what it takes; undefined when help was asked for */
export function parseFlags(args: string[]): Config | undefined {
  const values = parse(args)
  if (values.help) return undefined
  const root = path.resolve(values.root ?? '/var/lib/tessera/node')
  return {
    kubeconfig: values.kubeconfig,
    nodeName: nodeName(values['node-name'] ?? os.hostname().toLowerCase()),
    runtimeSocket: values['runtime-socket'] ?? '/run/tessera/runtime.sock',
    root,
    logs: path.resolve(values.logs ?? '/var/log/tessera/pods'),
    podCidr: podCidr(values['pod-cidr']),
    staticPods: values['static-pods'] === undefined ? undefined : path.resolve(values['static-pods']),
    cgroupRoot: values['cgroup-root'] ?? 'tessera',
    seccompRoot: path.resolve(values['seccomp-root'] ?? path.join(root, '..', 'seccomp')),
    maxPods: wholeNumber('--max-pods', values['max-pods'] ?? '110'),
    podPidsLimit: wholeNumber('--pod-pids-limit', values['pod-pids-limit'] ?? '0'),
    nodeIps: values['node-ip'] ?? [],
    labels: labels(values['node-labels'] ?? ''),
    clusterDns: values['cluster-dns'] ?? [],
    clusterDomain: values['cluster-domain'] ?? 'cluster.local',
    sysctls: sysctls(values['allowed-unsafe-sysctls'] ?? ''),
  }
}

function parse(args: string[]) {
  const text = { type: 'string' } as const
  const texts = { type: 'string', multiple: true } as const
  try {
    return parseArgs({
      args,
      options: {
        kubeconfig: text,
        'node-name': text,
        'node-ip': texts,
        'node-labels': text,
        'runtime-socket': text,
        root: text,
        logs: text,
        'pod-cidr': text,
        'static-pods': text,
        'cgroup-root': text,
        'seccomp-root': text,
        'max-pods': text,
        'pod-pids-limit': text,
        'cluster-dns': texts,
        'cluster-domain': text,
        'allowed-unsafe-sysctls': text,
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (error) {
    throw new FlagError(`${error instanceof Error ? error.message : String(error)}; see node-agent --help`)
  }
}

function nodeName(name: string): string {
  if (/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name) && name.length <= 253) return name
  throw new FlagError(
    `--node-name ${JSON.stringify(name)}: expected lower case letters, digits, "-" and ".", beginning and ending with a letter or digit`,
  )
}

function podCidr(cidr: string | undefined): string | undefined {
  if (cidr === undefined || /^\d+\.\d+\.\d+\.\d+\/\d+$/.test(cidr)) return cidr
  throw new FlagError(`--pod-cidr ${JSON.stringify(cidr)}: expected an IPv4 block such as 10.244.0.0/24`)
}

function wholeNumber(flag: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new FlagError(`${flag} ${JSON.stringify(text)}: expected a whole number`)
}

function labels(text: string): Record<string, string> {
  const pairs = text.split(',').filter(pair => pair !== '')
  return Object.fromEntries(
    pairs.map(pair => {
      const equals = pair.indexOf('=')
      const refuse = (why: string): FlagError => new FlagError(`--node-labels ${JSON.stringify(pair)}: ${why}`)
      if (equals <= 0) throw refuse('expected KEY=VALUE')
      const [key, value] = [pair.slice(0, equals), pair.slice(equals + 1)]
      const error = nodeLabelError(key, value)
      if (error !== undefined) throw refuse(error)
      return [key, value]
    }),
  )
}

function sysctls(text: string): SysctlAllowlist {
  try {
    return sysctlAllowlist(
      text.split(',').filter(name => name !== ''),
      os.release(),
    )
  } catch (error) {
    throw new FlagError(`--allowed-unsafe-sysctls: ${error instanceof Error ? error.message : String(error)}`)
  }
}
