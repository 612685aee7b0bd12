// Builds what runs: one bundle per process under dist/. Packages stay in node_modules, so native
// ones load as they were installed.
import { existsSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'

const root = path.resolve(import.meta.dirname, '..')

/** The processes and commands, by bundle name. */
const programs = {
  'control-plane': 'control-plane/main.ts',
  scheduler: 'scheduler/main.ts',
  'node-agent': 'node-agent/main.ts',
  runtime: 'node-agent/runtime/main.ts',
  launcher: 'node-agent/runtime/launcher/main.ts',
  tsctl: 'tsctl/main.ts',
  supervisor: 'deploy/local/supervisor.ts',
  local: 'deploy/local/local.ts',
}

/** @type {import('esbuild').BuildOptions} */
const common = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  sourcemap: 'linked',
  logLevel: 'warning',
}

/** Bundles every program whose entry exists into dist/NAME.js. */
export async function buildPrograms() {
  const entryPoints = Object.fromEntries(
    Object.entries(programs).filter(([, entry]) => existsSync(path.join(root, entry))),
  )
  await build({ ...common, entryPoints, outdir: path.join(root, 'dist') })
}

/**
 * Bundles test files (paths relative to the root) into dist/test, sharing what they share.
 * @param {string[]} files
 * @returns {Promise<string[]>} the bundles' absolute paths
 */
export async function buildTests(files) {
  const outdir = path.join(root, 'dist', 'test')
  const entryPoints = Object.fromEntries(files.map(file => [file.replace(/\.ts$/, ''), file]))
  await build({ ...common, entryPoints, outdir, splitting: true, chunkNames: 'chunks/[hash]' })
  return files.map(file => path.join(outdir, file.replace(/\.ts$/, '.js')))
}

if (process.argv[1] === import.meta.filename) await buildPrograms()
