// `npm start`: a one-machine cluster, from whatever state the machine is in. This part is plain JavaScript
// without dependencies: it installs and builds the rest, then hands over to it.
import { parseArgs } from 'node:util'
import {
  buildPrograms,
  buildStale,
  checkMachine,
  installNpm,
  installPackages,
  missing,
  npmStale,
  root,
} from './machine.mjs'
import { clusterOptions } from './options.mjs'
import { main, Refusal, step } from './progress.mjs'

const help = `npm start [-- OPTIONS]   start a cluster on this machine and run manifests/hello.yaml on it

  --store embedded|etcd   where the cluster's state lives (default: embedded; etcd is installed and supervised)
  --no-demo               neither demo image nor demo pod
  --name NAME             a second cluster on this machine: its folders are /var/lib/NAME, /run/NAME, /var/log/NAME
  --port PORT             of the REST door (default: 6443); gRPC takes the next one, etcd the two after
  --pod-cidr CIDR         addresses of pods (default: 10.244.0.0/24)
  --help                  this text

Examples:
  npm start
  npm start -- --store etcd
  npm stop                stop it; the data stays
  npm stop -- --wipe      stop it and forget everything
`

await main(async () => {
  const { values } = parse()
  if (values.help) return void process.stdout.write(help)
  const store = values.store ?? 'embedded'
  if (store !== 'embedded' && store !== 'etcd') throw new Refusal(`--store is "embedded" or "etcd", not "${store}".`)
  checkMachine()
  const absent = missing(['busybox', 'libnftables', 'libzstd', ...(store === 'etcd' ? ['etcd'] : [])])
  if (absent.length > 0) await step('installing packages', say => installPackages(absent, say))
  if (npmStale()) await step('installing npm packages', () => installNpm())
  if (await buildStale()) await step('building', () => buildPrograms())
  /** @type {typeof import('./local.ts')} */
  const local = await import(`${root}/dist/local.js`)
  await local.up({ store, demo: !values['no-demo'], ...clusterOptions(values) })
})

function parse() {
  try {
    return parseArgs({
      options: {
        store: { type: 'string' },
        name: { type: 'string' },
        port: { type: 'string' },
        'pod-cidr': { type: 'string' },
        'no-demo': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw new Refusal(`${error instanceof Error ? error.message : String(error)}\n\n${help}`)
  }
}
