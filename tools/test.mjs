// Runs tests: `node tools/test.mjs [PATH…]` takes files or folders; without any, every unit and suite test.
// End-to-end tests (test/e2e) need the built programs, and those of test/vm a virtual machine: they run when named.
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { buildTests } from './build.mjs'
import { sources } from './sources.mjs'
import { removeFolder, sweep, temporaryFolder } from './sweep.mjs'

const args = process.argv.slice(2)
const wanted = args.filter(arg => !arg.startsWith('--')).map(arg => arg.replace(/^\.\//, '').replace(/\/$/, ''))
const flags = args.filter(arg => arg.startsWith('--'))
const files = sources('.test.ts').filter(file =>
  wanted.length === 0
    ? !/^test\/(e2e|vm)\//.test(file)
    : wanted.some(path => file === path || file.startsWith(`${path}/`)),
)
if (files.length === 0) {
  process.stderr.write(`no test file under: ${wanted.join(' ') || 'the project'}\n`)
  process.exit(1)
}
const bundles = await buildTests(files)
sweep()
const temporary = temporaryFolder(process.pid)
mkdirSync(temporary, { recursive: true })
const { status, signal } = spawnSync(
  process.execPath,
  ['--enable-source-maps', '--test', '--test-reporter=spec', '--test-timeout=300000', ...flags, ...bundles],
  { stdio: 'inherit', env: { ...process.env, TMPDIR: temporary } },
)
removeFolder(temporary)
process.exit(status ?? (signal === null ? 0 : 1))
