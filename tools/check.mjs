// `npm test`: everything that must hold, in one command, on a machine that has Node and nothing else.
// `node tools/check.mjs static|tests` runs one half of it; `--schema FOLDER` also compares the API's
// declarations with a folder of API facts.
import { spawn } from 'node:child_process'
import { installNpm, installPackages, missing, npmStale, root } from '../deploy/local/machine.mjs'
import { main, Refusal, step } from '../deploy/local/progress.mjs'

/**
 * Runs a command of the project; its output is shown when it fails, or always when `show` is set.
 * @param {string[]} command
 * @param {boolean} [show]
 * @returns {Promise<void>}
 */
function run(command, show = false) {
  const [program = '', ...args] = command
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: root,
      stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
    })
    let output = ''
    child.stdout?.on('data', data => (output += data))
    child.stderr?.on('data', data => (output += data))
    child.on('error', reject)
    child.on('close', code =>
      code === 0 ? resolve() : reject(new Refusal(`\`${command.join(' ')}\` found something to mend:\n${output}`)),
    )
  })
}

const bin = (/** @type {string} */ name) => `node_modules/.bin/${name}`
const node = process.execPath

/** @type {[title: string, command: string[]][]} */
const statics = [
  ['format', [bin('biome'), 'ci', '--log-level=error', '.']],
  ['types', [node, 'node_modules/typescript7/bin/tsc', '-p', '.']],
  ['lint', [bin('eslint'), '--max-warnings=0', '.']],
  ['import borders', [node, 'tools/borders.mjs']],
  ['dead code', [bin('knip'), '--no-progress']],
  ['generated files are fresh', [node, 'tools/proto.mjs', '--check']],
]

const args = process.argv.slice(2)
const schemaFolder = args.includes('--schema') ? args[args.indexOf('--schema') + 1] : undefined
const half = args.find(arg => arg === 'static' || arg === 'tests')

await main(async () => {
  if (npmStale()) await step('installing npm packages', () => installNpm())
  if (half !== 'tests') {
    for (const [title, command] of statics) await step(title, () => run(command))
    if (schemaFolder !== undefined)
      await step('API declarations against facts', () => run([node, 'tools/check-schema.mjs', schemaFolder]))
  }
  if (half !== 'static') {
    if (process.getuid?.() !== 0) throw new Refusal('The tests make real containers: run them as root.')
    const absent = missing(['busybox', 'libnftables', 'libzstd', 'nft', 'etcd', 'redis', 'ip', 'unzip'])
    if (absent.length > 0) await step('installing packages', say => installPackages(absent, say))
    await step('build', () => run([node, 'tools/build.mjs']))
    await run([node, 'tools/test.mjs'], true)
    await run([node, 'tools/test.mjs', 'test/e2e', '--test-concurrency=1'], true)
  }
})
