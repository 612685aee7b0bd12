// Where the local cluster keeps its things, and the programs it consists of. Pure: from a layout to commands.
import path from 'node:path'

export interface Layout {
  /** State that outlives the cluster: store, certificates, images. */
  readonly state: string
  /** Sockets and process records; gone when the cluster stops. */
  readonly run: string
  readonly logs: string
  readonly rest: string
  readonly grpc: string
  /** Client and peer port of etcd, when the store is etcd. */
  readonly etcdPorts: readonly [client: number, peer: number]
  readonly store: 'embedded' | 'etcd'
  readonly nodeName: string
  readonly podCidr: string
  /** Names the bridge, the nftables table and the cgroup root, so that several clusters fit one machine. */
  readonly instance: string
}

/** One process of the cluster. */
export interface Program {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
}

/** What a user may choose. */
export interface LayoutOptions {
  /** Names the cluster's folders, bridge, nftables table and cgroups; default "tessera". */
  readonly name?: string
  /** Of the REST door; gRPC and etcd take the next ones. Default 6443. */
  readonly port?: number
  readonly podCidr?: string
  readonly store?: 'embedded' | 'etcd'
}

export function createLayout({
  name = 'tessera',
  port = 6443,
  podCidr = '10.244.0.0/24',
  store = 'embedded',
}: LayoutOptions): Layout {
  return {
    state: `/var/lib/${name}`,
    run: `/run/${name}`,
    logs: `/var/log/${name}`,
    rest: `127.0.0.1:${port}`,
    grpc: `127.0.0.1:${port + 1}`,
    etcdPorts: [port + 2, port + 3],
    store,
    nodeName: 'local',
    podCidr,
    instance: name,
  }
}

export const adminKubeconfig = (layout: Layout): string => path.join(layout.state, 'pki', 'admin.kubeconfig')
export const runtimeSocket = (layout: Layout): string => path.join(layout.run, 'runtime.sock')
export const launcherSocket = (layout: Layout): string => path.join(layout.run, 'launcher.sock')
export const supervisorRecord = (layout: Layout): string => path.join(layout.run, 'supervisor.json')

/** The cluster's programs in the order they start; they stop in the opposite one. */
export function programs(layout: Layout, dist: string): Program[] {
  const node = (name: string, args: string[]): Program => ({
    name,
    command: process.execPath,
    args: [path.join(dist, `${name}.js`), ...args],
  })
  const pki = path.join(layout.state, 'pki')
  const [client, peer] = layout.etcdPorts
  const etcd: Program = {
    name: 'etcd',
    command: 'etcd',
    args: [
      '--name=tessera',
      `--data-dir=${path.join(layout.state, 'etcd')}`,
      `--listen-client-urls=http://127.0.0.1:${client}`,
      `--advertise-client-urls=http://127.0.0.1:${client}`,
      `--listen-peer-urls=http://127.0.0.1:${peer}`,
      `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
      `--initial-cluster=tessera=http://127.0.0.1:${peer}`,
      '--auto-compaction-retention=0',
      '--log-level=warn',
    ],
  }
  const store = layout.store === 'etcd' ? `etcd://127.0.0.1:${client}` : `embedded:${path.join(layout.state, 'store')}`
  return [
    ...(layout.store === 'etcd' ? [etcd] : []),
    node('control-plane', [
      `--store=${store}`,
      `--pki-dir=${pki}`,
      `--listen=${layout.rest}`,
      `--grpc-listen=${layout.grpc}`,
      `--node-kubeconfig=${layout.nodeName}`,
      '--with-scheduler',
    ]),
    node('runtime', runtimeArgs(layout)),
    node('node-agent', [
      `--kubeconfig=${path.join(pki, `node-${layout.nodeName}.kubeconfig`)}`,
      `--node-name=${layout.nodeName}`,
      `--runtime-socket=${runtimeSocket(layout)}`,
      `--root=${path.join(layout.state, 'node')}`,
      `--logs=${path.join(layout.logs, 'pods')}`,
      `--pod-cidr=${layout.podCidr}`,
      `--cgroup-root=${layout.instance}`,
      `--static-pods=${path.join(layout.state, 'static-pods')}`,
    ]),
  ]
}

export function runtimeArgs(layout: Layout): string[] {
  return [
    `--root=${path.join(layout.state, 'runtime')}`,
    `--images=${path.join(layout.state, 'images')}`,
    `--run=${layout.run}`,
    `--socket=${runtimeSocket(layout)}`,
    `--launcher-socket=${launcherSocket(layout)}`,
    `--instance=${layout.instance}`,
    `--cgroup-parent=${layout.instance}`,
    `--pod-cidr=${layout.podCidr}`,
  ]
}
