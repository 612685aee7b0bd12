// The runtime's flags.
import path from 'node:path'
import { parseArgs } from 'node:util'
import { RuntimeError } from './errors.ts'

export interface RuntimeOptions {
  /** Records and what containers write. */
  readonly root: string
  readonly images: string
  /** What lives as long as the machine is up: sockets, namespaces, FIFOs. */
  readonly run: string
  readonly socket: string
  readonly launcherSocket: string
  /** Root of this runtime's cgroups, relative to the hierarchies. */
  readonly cgroupParent: string
  /** Names bridge, veth pairs and nftables table, so that several runtimes fit one machine. */
  readonly instance: string
  /** Until UpdateRuntimeConfig says another. */
  readonly podCidr?: string
  /** Instead of serving, remove every container, sandbox, cgroup, the bridge, and the launcher. */
  readonly cleanup: boolean
}

export const usage = `Usage: runtime [flags]
Makes containers as CRI v1 asks for them over a unix socket.

  --root DIR               records and what containers write (default /var/lib/tessera/runtime)
  --images DIR             images (default: images beside --root)
  --run DIR                sockets, namespaces and FIFOs (default /run/tessera)
  --socket PATH            where CRI is served (default: runtime.sock in --run)
  --launcher-socket PATH   where the launcher is found (default: launcher.sock in --run)
  --cgroup-parent PATH     root of the containers' cgroups (default tessera, or tessera-INSTANCE)
  --instance NAME          a name of at most 8 letters and digits when several share a machine (default tessera)
  --pod-cidr CIDR          addresses of pods until UpdateRuntimeConfig says others
  --cleanup                remove everything this runtime has made but images, and end
`

const defaultInstance = 'tessera'

/** @throws RuntimeError naming the flag */
export function parseOptions(argv: readonly string[]): RuntimeOptions | 'help' {
  const string = { type: 'string' } as const
  const { values } = parse(argv, {
    root: string,
    images: string,
    run: string,
    socket: string,
    'launcher-socket': string,
    'cgroup-parent': string,
    instance: string,
    'pod-cidr': string,
    cleanup: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  } as const)
  if (values.help) return 'help'
  const instance = values.instance ?? defaultInstance
  if (!/^[a-z][a-z0-9]{0,7}$/.test(instance)) {
    throw new RuntimeError(
      'invalid',
      `--instance ${instance}: must be a lower case letter and at most 7 letters and digits`,
    )
  }
  const root = path.resolve(values.root ?? '/var/lib/tessera/runtime')
  const run = path.resolve(values.run ?? '/run/tessera')
  const cgroupParent = values['cgroup-parent'] ?? (instance === defaultInstance ? 'tessera' : `tessera-${instance}`)
  const podCidr = values['pod-cidr']
  return {
    root,
    run,
    instance,
    images: path.resolve(values.images ?? path.join(root, '..', 'images')),
    socket: path.resolve(values.socket ?? path.join(run, 'runtime.sock')),
    launcherSocket: path.resolve(values['launcher-socket'] ?? path.join(run, 'launcher.sock')),
    cgroupParent: cgroupParent.replace(/^\/+|\/+$/g, ''),
    cleanup: values.cleanup ?? false,
    ...(podCidr !== undefined && { podCidr }),
  }
}

function parse<Options extends NonNullable<Parameters<typeof parseArgs>[0]>['options']>(
  argv: readonly string[],
  options: Options,
) {
  try {
    return parseArgs({ args: [...argv], options, strict: true, allowPositionals: false })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new RuntimeError('invalid', `${reason}; --help lists the flags`)
  }
}
