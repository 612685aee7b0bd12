import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { installPause, pauseProgram } from './pause.ts'

describe('the pause program', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'tessera-pause-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('runs, ignores the end of children and nothing else, and waits', async () => {
    const file = path.join(folder, 'run')
    writeFileSync(file, pauseProgram(), { mode: 0o755 })
    const child = spawn(file, { stdio: 'ignore' })
    const gone = once(child, 'exit')
    await once(child, 'spawn')
    const status = (): string => readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8')
    for (let tries = 0; !/SigIgn:\t0*10000\n/.test(status()) && tries < 200; tries++) await delay(5)
    assert.match(status(), /^SigIgn:\t0*10000$/m)
    assert.match(status(), /^SigCgt:\t0+$/m)
    assert.match(status(), /^State:\tS/m)
    // Signals that are no reason to end are no reason to run on into data either.
    for (const signal of ['SIGCHLD', 'SIGWINCH', 'SIGSTOP', 'SIGCONT', 'SIGCHLD'] as const) child.kill(signal)
    await delay(20)
    assert.match(status(), /^State:\tS/m)
    child.kill('SIGTERM')
    assert.deepEqual(await gone, [null, 'SIGTERM'])
  })

  it('has its ignored signal’s structure right behind its code on every architecture', () => {
    for (const [arch, machine, displacement] of [
      ['x64', 62, (code: Buffer) => 7 + code.readInt32LE(3)],
      // adr: immhi in bits 5 to 23, immlo in 29 and 30.
      [
        'arm64',
        183,
        (code: Buffer) => ((code.readUInt32LE(0) >> 5) & 0x7ffff) * 4 + ((code.readUInt32LE(0) >> 29) & 3),
      ],
    ] as const) {
      const program = pauseProgram(arch)
      assert.equal(program.readUInt16LE(18), machine)
      const entry = Number(program.readBigUInt64LE(24) - 0x400000n)
      const action = program.subarray(entry + displacement(program.subarray(entry)))
      assert.deepEqual([...action], [1, ...Array.from({ length: 31 }, () => 0)])
    }
    assert.throws(() => pauseProgram('mips'), /mips.*need x86-64 or arm64/)
  })

  it('is alone in its folder, and nobody may read it', () => {
    const root = path.join(folder, 'init')
    installPause(root)
    const { ino, mode } = statSync(path.join(root, 'pause'))
    assert.equal(mode & 0o777, 0o511)
    installPause(root)
    assert.equal(statSync(path.join(root, 'pause')).ino, ino, 'one that is right stays')
    chmodSync(path.join(root, 'pause'), 0o700)
    writeFileSync(path.join(root, 'pause'), 'another build')
    installPause(root)
    assert.deepEqual(readFileSync(path.join(root, 'pause')), pauseProgram())
    assert.deepEqual(readdirSync(folder), ['init'])
    assert.deepEqual(readdirSync(root), ['pause'])
  })
})
