// `npm run bench`: measures, with each peer in the same run, and prints one table. `npm run bench -- pods` runs one part;
// `--readme` also puts the table into README.md.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import path from 'node:path'
import { installPackages, missing, root } from '../../deploy/local/machine.mjs'
import { main, step } from '../../deploy/local/progress.mjs'
import { buildPrograms, buildTests } from '../../tools/build.mjs'

await main(async () => {
  const absent = missing(['busybox', 'libnftables', 'etcd', 'runc', 'podman', 'ip'])
  if (absent.length > 0) await step('installing peers', say => installPackages(absent, say))
  await step('building', () => buildPrograms())
  const [bundle = ''] = await buildTests(['test/bench/bench.ts'])
  const parts = process.argv.slice(2).filter(arg => !arg.startsWith('--'))
  const { status, stdout } = spawnSync(process.execPath, ['--enable-source-maps', '--expose-gc', bundle, ...parts], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  process.stdout.write(stdout)
  process.exitCode = status ?? 1
  if (status === 0 && process.argv.includes('--readme')) writeReadme(stdout)
})

/** @param {string} table */
function writeReadme(table) {
  const file = path.join(root, 'README.md')
  const [model = 'unknown'] = cpus().map(cpu => cpu.model)
  const machine = `${cpus().length} × ${model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, Node ${process.versions.node}`
  const text = readFileSync(file, 'utf8').replace(
    /<!-- bench -->[^]*<!-- \/bench -->/,
    `<!-- bench -->\n\nMeasured on a virtual machine: ${machine}. Trust the ratios more than the figures.\n\n${table.trim()}\n\n<!-- /bench -->`,
  )
  writeFileSync(file, text)
}
