// Replays recorded answers of Kubernetes against the API server alone: `node .ci/replay.mjs FOLDER`, where FOLDER has a
// replay.mjs and its cases. Each group named in replay.json has to pass at least as often as stands there: raise a number
// when more passes. Needs a build (`npm run build`).
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

const startMs = 30_000
const replayMs = 300_000
const [folder] = process.argv.slice(2)
if (folder === undefined) {
  console.error('usage: node .ci/replay.mjs FOLDER')
  process.exit(2)
}
const least = JSON.parse(readFileSync(new URL('replay.json', import.meta.url), 'utf8'))
const data = mkdtempSync(path.join(tmpdir(), 'tessera-replay-'))
const log = path.join(data, 'log')
const server = spawn(
  process.execPath,
  ['dist/control-plane.js', '--data-dir', data, '--listen', '127.0.0.1:0', '--grpc-listen', '127.0.0.1:0'],
  { stdio: ['ignore', 'ignore', openSync(log, 'w')] },
)
const ended = once(server, 'exit')
try {
  const passed = await replay(await kubeconfig())
  let fewer = 0
  for (const [group, wanted] of Object.entries(least)) {
    const count = passed.get(group)
    if (count === undefined) continue // These recordings have no such group.
    const isFewer = count < wanted
    if (isFewer) fewer++
    console.log(`${isFewer ? '✗' : '✓'} ${group}: ${count} pass, ${wanted} have to`)
  }
  process.exitCode = fewer === 0 ? 0 : 1
} finally {
  server.kill()
  await ended
  rmSync(data, { recursive: true, force: true })
}

async function kubeconfig() {
  const file = path.join(data, 'pki', 'admin.kubeconfig')
  const deadline = Date.now() + startMs
  while (!existsSync(file)) {
    if (server.exitCode !== null || Date.now() > deadline) {
      throw new Error(`the control plane did not start:\n${readFileSync(log, 'utf8')}`)
    }
    await delay(50)
  }
  return file
}

/** How many cases of each group pass. */
async function replay(file) {
  const args = [
    path.join(folder, 'replay.mjs'),
    '--kubeconfig',
    file,
    '--group',
    Object.keys(least).join(','),
    '--json',
  ]
  const options = { maxBuffer: 2 ** 28, timeout: replayMs }
  // It fails while any case does.
  const { stdout } = await promisify(execFile)(process.execPath, args, options).catch(error => error)
  const { groups } = JSON.parse(stdout)
  return new Map(Object.entries(groups).map(([group, { passed }]) => [group, passed]))
}
