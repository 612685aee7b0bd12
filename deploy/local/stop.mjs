// `npm stop`: ends the local cluster and leaves nothing of it behind but its data.
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { root } from './machine.mjs'
import { clusterOptions } from './options.mjs'
import { main, Refusal } from './progress.mjs'

await main(async () => {
  const { values } = parseArgs({
    options: { wipe: { type: 'boolean' }, name: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  })
  if (values.help)
    return void process.stdout.write('npm stop [-- --wipe]   stop the local cluster; --wipe also deletes its data\n')
  if (process.getuid?.() !== 0) throw new Refusal('The cluster runs as root: stop it as root, for instance with sudo.')
  if (!existsSync(`${root}/dist/local.js`))
    throw new Refusal('Nothing was ever built here, so nothing of it can run; `npm start` starts a cluster.')
  /** @type {typeof import('./local.ts')} */
  const local = await import(`${root}/dist/local.js`)
  await local.down({ wipe: values.wipe ?? false, ...clusterOptions(values) })
})
