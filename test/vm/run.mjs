// Runs suites of the node's side on another kernel and on cgroup v2 alone: Debian's cloud kernel in a virtual machine made
// of this machine's files. `node test/vm/run.mjs [SUITE…]` takes test files; without any, those that need a kernel.
import { existsSync, rmSync } from 'node:fs'
import path from 'node:path'
import { missing, onPath, root } from '../../deploy/local/machine.mjs'
import { main, Refusal, step } from '../../deploy/local/progress.mjs'
import { buildTests } from '../../tools/build.mjs'
import { boot } from './guest.mjs'
import { makeImage } from './image.mjs'
import { fetchKernel } from './kernel.mjs'

const suites = [
  'test/vm/cgroup-v2.test.ts',
  ...[
    'cgroups',
    'launcher-container',
    'launcher-exec',
    'launcher-mounts',
    'launcher-refusals',
    'launcher-survival',
    'sandbox',
    'sandbox-ports',
    'cri',
    'cri-devices',
    'cri-pid',
  ].map(name => `test/suites/${name}.test.ts`),
]

/** What the runner and the suites call, and the Debian packages that bring it. */
const commands = {
  'qemu-system-x86_64': 'qemu-system-x86',
  'dpkg-deb': 'dpkg',
  ip: 'iproute2',
  nft: 'nftables',
  nsenter: 'util-linux',
}

await main(async () => {
  if (process.arch !== 'x64') throw new Refusal(`The virtual machine is an x86-64 one, and this is ${process.arch}.`)
  const absent = Object.entries(commands)
    .filter(([command]) => !onPath(command))
    .map(([, name]) => name)
  if (missing(['busybox']).length > 0) absent.push('busybox-static')
  if (absent.length > 0)
    throw new Refusal(`Please run: apt-get install --no-install-recommends ${[...new Set(absent)].join(' ')}`)
  const asked = process.argv.slice(2)
  const unknown = asked.find(file => !existsSync(path.join(root, file)))
  if (unknown !== undefined) throw new Refusal(`There is no ${unknown}; name test files as seen from ${root}.`)

  const cache = path.join(root, 'node_modules', '.cache', 'vm')
  const image = path.join(cache, `initramfs-${process.pid}.cpio`)
  process.once('exit', () => rmSync(image, { force: true }))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1))

  const kernel = await step('kernel', () => fetchKernel(path.join(cache, 'kernel')))
  await step('image', async () => {
    const bundles = await buildTests(asked.length > 0 ? asked : suites)
    return `of ${Math.round(makeImage(image, kernel, bundles) / 2 ** 20)} MiB`
  })
  process.exitCode = await boot(kernel, image)
})
