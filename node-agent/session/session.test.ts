import assert from 'node:assert/strict'
import { appendFileSync, closeSync, mkdtempSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import fc from 'fast-check'
import type { ContainerStatus } from '../../api/kinds/core-v1/container-status.ts'
import { container, makePod } from '../pods/testing.ts'
import { parseCriLine } from './cri-line.ts'
import { type LogOptions, readLog, tailStart } from './log-reader.ts'
import { containerName, logTarget } from './log-target.ts'

function logFile(t: TestContext, lines: readonly string[] = []): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'session-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = path.join(folder, '0.log')
  writeFileSync(file, lines.map(line => `${line}\n`).join(''))
  return file
}

const all: LogOptions = { follow: false, timestamps: false, tailLines: undefined, sinceMs: undefined }
const never = (): Promise<void> => new Promise(() => {})

async function text(file: string, options: Partial<LogOptions> = {}): Promise<string> {
  let read = ''
  for await (const piece of readLog(file, { ...all, ...options }, () => true, never, new AbortController().signal)) {
    read += piece.toString()
  }
  return read
}

const stamp = (second: number): string => `2026-01-31T12:00:${String(second).padStart(2, '0')}.000000001Z`
const line = (second: number, words: string, tag = 'F'): string => `${stamp(second)} stdout ${tag} ${words}`

describe('a line of a log', () => {
  it('is taken apart, whatever it says', () => {
    fc.assert(
      fc.property(
        fc.string().filter(words => !words.includes('\n')),
        fc.boolean(),
        (words, partial) => {
          const parsed = parseCriLine(Buffer.from(line(1, words, partial ? 'P' : 'F')))
          assert.deepEqual(parsed, { time: stamp(1), partial, content: Buffer.from(words) })
        },
      ),
    )
  })

  it('that is none is none', () => {
    for (const words of ['', 'x', 'a b c d', `${stamp(1)} stdout`]) {
      assert.equal(parseCriLine(Buffer.from(words)), undefined)
    }
  })
})

describe('a log', () => {
  it('is shown whole, in part, with times, and since a moment', async t => {
    const file = logFile(t, [line(1, 'one'), line(2, 'two'), line(3, 'three')])
    assert.equal(await text(file), 'one\ntwo\nthree\n')
    assert.equal(await text(file, { tailLines: 2 }), 'two\nthree\n')
    assert.equal(await text(file, { tailLines: 0 }), '')
    assert.equal(await text(file, { sinceMs: Date.parse(stamp(2)) }), 'two\nthree\n')
    assert.equal(await text(file, { timestamps: true, tailLines: 1 }), `${stamp(3)} three\n`)
  })

  it('puts lines together that came in pieces', async t => {
    const file = logFile(t, [line(1, 'lo', 'P'), line(2, 'ng', 'F'), line(3, 'next')])
    assert.equal(await text(file, { timestamps: true }), `${stamp(1)} long\n${stamp(3)} next\n`)
  })

  it('that does not exist is missed in the kubelet’s words', async () => {
    const why = 'lstat /nonexistent/0.log: no such file or directory'
    await assert.rejects(text('/nonexistent/0.log'), {
      message: `failed to try resolving symlinks in path "/nonexistent/0.log": ${why}`,
    })
  })

  it('is found from its end as from its beginning', t => {
    const file = logFile(t)
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 40_000 }), { maxLength: 12 }), fc.nat(14), (words, count) => {
        const lines = words.map(each => `${each.replaceAll('\n', ' ')}\n`)
        writeFileSync(file, lines.join(''))
        const fd = openSync(file, 'r')
        const start = tailStart(fd, count)
        closeSync(fd)
        const skipped = lines.slice(0, Math.max(0, lines.length - count)).join('')
        assert.equal(start, Buffer.byteLength(skipped))
      }),
      { numRuns: 60 },
    )
  })

  it('is followed through rotation until its container ends', async t => {
    const file = logFile(t, [line(1, 'before')])
    let ended = false
    let tell: () => void = () => {}
    const changed = (): Promise<void> => new Promise(resolve => (tell = resolve))
    const read: string[] = []
    const reading = (async () => {
      const options = { ...all, follow: true }
      for await (const piece of readLog(file, options, () => ended, changed, new AbortController().signal)) {
        read.push(piece.toString())
      }
    })()
    const until = async (wanted: string): Promise<void> => {
      while (read.join('') !== wanted) await new Promise(resolve => setTimeout(resolve, 2))
    }
    await until('before\n')
    appendFileSync(file, `${line(2, 'grown')}\n`)
    await until('before\ngrown\n')
    renameSync(file, `${file}.20260131-120000`)
    // The writer may still hold the old file for a moment.
    appendFileSync(`${file}.20260131-120000`, `${line(3, 'late')}\n`)
    writeFileSync(file, `${line(4, 'rotated')}\n`)
    await until('before\ngrown\nlate\nrotated\n')
    appendFileSync(file, `${line(5, 'last')}\n`)
    ended = true
    tell()
    await reading
    assert.equal(read.join(''), 'before\ngrown\nlate\nrotated\nlast\n')
  })

  it('is no longer followed when nobody listens', async t => {
    const file = logFile(t, [line(1, 'x')])
    const stop = new AbortController()
    const reader = readLog(file, { ...all, follow: true }, () => false, never, stop.signal)
    assert.equal((await reader.next()).value?.toString(), 'x\n')
    const next = reader.next()
    stop.abort()
    assert.equal((await next).done, true)
  })
})

describe('whose log is meant', () => {
  const two = makePod({ containers: [container('a'), container('b')], initContainers: [container('i')] })

  it('is clear when there is one container, or it is named', () => {
    assert.equal(containerName(makePod(), ''), 'main')
    assert.equal(containerName(two, 'i'), 'i')
  })

  it('is asked for otherwise, in Kubernetes’ words', () => {
    assert.throws(() => containerName(two, ''), {
      message: 'a container name must be specified for pod web, choose one of: [i a b]',
    })
    assert.throws(() => containerName(two, 'x'), { message: 'container x is not valid for pod web' })
  })

  const status = (more: Partial<ContainerStatus>): { containerStatuses: ContainerStatus[] } => ({
    containerStatuses: [
      { name: 'main', state: {}, lastState: {}, ready: false, restartCount: 0, image: '', imageID: '', ...more },
    ],
  })
  const dead = (id: string) => ({ terminated: { exitCode: 1, containerID: `tessera://${id}` } })
  const id = (more: Partial<ContainerStatus>, previous = false): string =>
    logTarget('web', status(more), 'main', previous)

  it('is the container that runs, that ended, or that ended before', () => {
    assert.equal(id({ state: { running: {} }, containerID: 'tessera://run' }), 'tessera://run')
    assert.equal(id({ state: dead('end') }), 'tessera://end')
    assert.equal(id({ state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: dead('last') }), 'tessera://last')
    assert.equal(
      id({ state: { running: {} }, containerID: 'tessera://run', lastState: dead('last') }, true),
      'tessera://last',
    )
  })

  it('is nobody’s as long as the container waits', () => {
    const refuse = (more: Partial<ContainerStatus>, message: string, previous = false) =>
      assert.throws(() => id(more, previous), { message })
    refuse(
      { state: { waiting: { reason: 'ContainerCreating' } } },
      'container "main" in pod "web" is waiting to start: ContainerCreating',
    )
    refuse(
      { state: { waiting: { reason: 'ImagePullBackOff' } } },
      'container "main" in pod "web" is waiting to start: trying and failing to pull image',
    )
    refuse({ state: { terminated: { exitCode: 128 } } }, 'container "main" in pod "web" is terminated')
    refuse({}, 'container "main" in pod "web" is waiting to start - no logs yet')
    assert.throws(() => logTarget('web', {}, 'main', false), {
      message: 'container "main" in pod "web" is not available',
    })
    refuse({ state: { running: {} } }, 'previous terminated container "main" in pod "web" not found', true)
  })
})
