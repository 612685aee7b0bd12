import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ContainerLog, makeOutputs, outputPaths } from './container-log.ts'

const [, , role, ioDir = '', logPath = ''] = process.argv

if (role === 'pump') {
  // A reader that only SIGKILL ends.
  const log = new ContainerLog(outputPaths(ioDir, 'c'), logPath, () => process.exit(9))
  process.send?.('reading')
  process.on('message', () => void log.finish().then(() => process.exit(0)))
} else {
  test('a reader killed again and again loses no byte and doubles none', { timeout: 60_000 }, async t => {
    const folder = mkdtempSync(path.join(tmpdir(), 'tessera-pump-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const paths = outputPaths(folder, 'c')
    const file = path.join(folder, 'logs', 'c.log')
    makeOutputs(paths)
    const startReader = async (): Promise<ChildProcess> => {
      const child = spawn(process.execPath, [fileURLToPath(import.meta.url), 'pump', folder, file], {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      })
      await once(child, 'message')
      return child
    }
    // As a container does: both ways, so that it outlives its readers.
    const fd = openSync(paths.stdout, constants.O_RDWR | constants.O_NONBLOCK)
    t.after(() => closeSync(fd))
    const expected: string[] = []
    let reader = await startReader()
    const deadline = Date.now() + 4000
    let written = 0
    for (let kills = 0; Date.now() < deadline; kills++) {
      const until = Date.now() + 20 + ((kills * 37) % 60)
      while (Date.now() < until) {
        // Lines short and long, some in two writes.
        const line = `${written} ${'x'.repeat((written * 7919) % (written % 50 === 0 ? 40_000 : 120))}`
        for (const piece of written % 3 === 0 ? [line.slice(0, 5), `${line.slice(5)}\n`] : [`${line}\n`]) {
          for (let rest = Buffer.from(piece); rest.length > 0; ) {
            try {
              rest = rest.subarray(writeSync(fd, rest))
            } catch {
              await delay(1)
            }
          }
        }
        expected.push(line)
        written++
        if (written % 20 === 0) await delay(0)
      }
      reader.kill('SIGKILL')
      await once(reader, 'exit')
      reader = await startReader()
    }
    reader.send('finish')
    await once(reader, 'exit')
    const said = readFileSync(file, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map(record => /^\S+ stdout ([FP]) (.*)$/s.exec(record) ?? assert.fail(record))
      .map(([, tag, content]) => (tag === 'F' ? `${content}\n` : content))
      .join('')
    assert.ok(expected.length > 1000)
    assert.equal(said === `${expected.join('\n')}\n`, true, 'the log is not what was written')
  })

  test('a log goes on in a new file after rotation, and an unfinished line is kept at the end', async t => {
    const folder = mkdtempSync(path.join(tmpdir(), 'tessera-log-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const paths = outputPaths(folder, 'c')
    makeOutputs(paths)
    const file = path.join(folder, 'c.log')
    const log = new ContainerLog(paths, file, () => assert.fail('dropped'))
    const fd = openSync(paths.stdout, constants.O_RDWR)
    const errors = openSync(paths.stderr, constants.O_RDWR)
    writeSync(fd, 'before\n')
    await delay(20)
    renameSync(file, `${file}.1`)
    log.reopen()
    writeSync(errors, 'after\nrest')
    closeSync(fd)
    closeSync(errors)
    await log.finish()
    assert.match(readFileSync(`${file}.1`, 'utf8'), /^\S+ stdout F before\n$/)
    assert.match(readFileSync(file, 'utf8'), /^\S+ stderr F after\n\S+ stderr P rest\n$/)
  })
}
