import { mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { hasCode } from '../../sys/errno.ts'
import { closeFd } from '../../sys/fd.ts'
import { attachMountAt, bindMount, createFileSystem, unmountAll } from '../../sys/mount.ts'
import { type Namespace, setHostname, unshare, within } from '../../sys/namespaces.ts'
import { NetlinkSocket } from '../../sys/netlink.ts'
import { setLinkUp } from '../../sys/rtnetlink.ts'
import { messageOf } from '../errors.ts'
import { PodNetwork } from './network.ts'
import { type PortMapping, type SandboxConfig, type Sandboxes, type SandboxSpec, type SandboxState } from './sandbox.ts'
import { refused, sysctlFile } from './sysctls.ts'

const defaultMtu = 1500
const defaultShmBytes = 64 << 20
/** As other runtimes have it: a pod's ports and pings are its own, so its unprivileged users may have them. */
const networkDefaults = [
  ['/proc/sys/net/ipv4/ip_unprivileged_port_start', '0'],
  ['/proc/sys/net/ipv4/ping_group_range', '0 2147483647'],
] as const
/** Beside the namespaces' files: what has to be undone that the kernel does not undo by itself. */
const portsFile = 'ports.json'

interface Sysctl {
  readonly name: string
  readonly value: string
  readonly file: string
}

/** Must be called (and its methods) on the main thread or a worker that nothing else uses. */
export function openSandboxes(config: SandboxConfig): Sandboxes & { tearDown(): void } {
  const { runDir, instance, stateDir, mtu = defaultMtu } = config
  if (!/^[a-z][a-z0-9]{0,7}$/.test(instance)) {
    throw new Error(
      `instance ${JSON.stringify(instance)}: at most 8 lower-case letters and digits, the first one a letter`,
    )
  }
  mkdirSync(runDir, { recursive: true, mode: 0o700 })
  const network = new PodNetwork({ instance, stateDir, mtu })
  const folderOf = (id: string): string => path.join(runDir, id)

  function create(spec: SandboxSpec): SandboxState {
    const sysctls = Object.entries(spec.sysctls ?? {}).map(([name, value]) => ({
      name,
      value,
      file: sysctlFile(name, spec),
    }))
    const folder = folderOf(spec.id)
    mkdirSync(folder, { mode: 0o700 })
    try {
      return make(spec, folder, sysctls)
    } catch (error) {
      remove(spec.id)
      throw error
    }
  }

  function make(spec: SandboxSpec, folder: string, sysctls: readonly Sysctl[]): SandboxState {
    const isolated: Namespace[] = [
      ...(spec.network === 'pod' ? (['net', 'uts'] as const) : []),
      ...(spec.ipc === 'pod' ? (['ipc'] as const) : []),
    ]
    const inside = isolated.length === 0 ? undefined : makeNamespaces(spec, folder, isolated, sysctls)
    const state = {
      id: spec.id,
      namespaces: {
        ...(spec.network === 'pod' && { network: path.join(folder, 'net'), uts: path.join(folder, 'uts') }),
        ...(spec.ipc === 'pod' && { ipc: path.join(folder, 'ipc') }),
      },
      addresses: [],
      ...(spec.ipc === 'pod' && { shmPath: mountShm(folder, spec.shmBytes ?? defaultShmBytes) }),
    }
    if (inside === undefined) return state
    using socket = inside
    const { address, hostInterface } = network.attach(spec.id, socket, path.join(folder, 'net'))
    if (spec.portMappings !== undefined && spec.portMappings.length > 0) {
      writeFileSync(path.join(folder, portsFile), JSON.stringify({ address, mappings: spec.portMappings }))
      network.mapPorts(address, spec.portMappings)
    }
    return { ...state, addresses: [address], hostInterface }
  }

  function remove(id: string): void {
    const folder = folderOf(id)
    const ports = readPorts(folder)
    if (ports !== undefined) {
      try {
        network.unmapPorts(ports.address, ports.mappings)
      } catch {
        // Half-made: the mapping was recorded and not made, or its table is gone.
      }
    }
    for (const name of ['net', 'ipc', 'uts', 'shm']) unmountAll(path.join(folder, name))
    rmSync(folder, { recursive: true, force: true })
    network.release(id)
  }

  return {
    create,
    remove,
    configureNetwork: podCidr => network.configure(podCidr),
    get networkReady() {
      return network.ready
    },
    sweep(known) {
      const unknown = new Set([...foldersIn(runDir), ...network.owners()].filter(id => !known.has(id)))
      for (const id of unknown) {
        remove(id)
        network.deleteInterface(id)
      }
      return [...unknown]
    },
    networkStats: ({ hostInterface }) => (hostInterface === undefined ? undefined : network.stats(hostInterface)),
    tearDown() {
      for (const id of foldersIn(runDir)) remove(id)
      network.tearDown()
      try {
        rmdirSync(runDir)
      } catch (error) {
        if (!hasCode(error, 'ENOENT', 'ENOTEMPTY')) throw error
      }
    },
  }
}

/** @returns a socket inside the new network namespace, where there is one */
function makeNamespaces(
  spec: SandboxSpec,
  folder: string,
  isolated: readonly Namespace[],
  sysctls: readonly Sysctl[],
): NetlinkSocket | undefined {
  return within(
    isolated,
    () => unshare(isolated),
    () => {
      if (isolated.includes('uts')) setHostname(spec.hostname)
      if (isolated.includes('net')) for (const [file, value] of networkDefaults) writeFileSync(file, value)
      for (const sysctl of sysctls) write(sysctl)
      for (const namespace of isolated) pin(namespace, path.join(folder, namespace))
      if (!isolated.includes('net')) return undefined
      const socket = new NetlinkSocket()
      setLinkUp(socket, 'lo')
      return socket
    },
  )
}

/** @throws RuntimeError `invalid` */
function write({ name, value, file }: Sysctl): void {
  try {
    writeFileSync(file, value)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) throw refused(name, 'this kernel has no such parameter', error)
    throw refused(name, `the kernel does not take ${JSON.stringify(value)}: ${messageOf(error)}`, error)
  }
}

/** A bind mount of its file keeps a namespace alive without a process. */
function pin(namespace: Namespace, file: string): void {
  writeFileSync(file, '')
  bindMount(`/proc/thread-self/ns/${namespace}`, file)
}

function mountShm(folder: string, bytes: number): string {
  const target = path.join(folder, 'shm')
  mkdirSync(target)
  const attributes = { noSuid: true, noDev: true, noExec: true }
  const mount = createFileSystem('tmpfs', 'shm', { mode: '1777', size: String(bytes) }, attributes)
  try {
    attachMountAt(mount, target)
  } finally {
    closeFd(mount)
  }
  return target
}

function readPorts(folder: string): { address: string; mappings: PortMapping[] } | undefined {
  try {
    return JSON.parse(readFileSync(path.join(folder, portsFile), 'utf8')) as {
      address: string
      mappings: PortMapping[]
    }
  } catch {
    return undefined
  }
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  }
}
