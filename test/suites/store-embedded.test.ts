import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { openEmbeddedStore } from '../../control-plane/store/embedded.ts'
import { openStore } from '../../control-plane/store/open.ts'
import { CompactedError, type Store, StoreUnavailableError } from '../../control-plane/store/store.ts'
import { storeSuite } from './store.ts'
import { eventsUpTo } from './store-fixture.ts'
import { assertHistoryWhole, assertRoundsKept, writeRounds } from './store-writer.ts'

// This file is also the program of the children that the tests below start.
const child = process.env['STORE_TEST_CHILD']
if (child) await childProgram(child)
else tests()

async function childProgram(task: string): Promise<void> {
  const [what, directory = ''] = task.split(' ')
  const store = await openStore(`embedded:${directory}`)
  process.stdout.write('open\n')
  if (what === 'write') {
    const signal = new AbortController().signal
    await writeRounds(store, '/w/', (writer, round) => process.stdout.write(`${writer} ${round}\n`), signal)
  }
  if (what === 'fill') await fill(store)
  if (what === 'hold') setInterval(() => undefined, 1000)
}

/** In a file system of 8 MiB: writes until it is full, then makes room, then writes again. */
async function fill(store: Store): Promise<void> {
  const value = Buffer.alloc(100_000, 'x')
  let written = 0
  for (; written < 1000; written++) {
    const before = await store.currentRevision()
    try {
      await store.commit([
        { key: `/full/${String(written).padStart(3, '0')}`, value },
        { key: '/full/last', value: Buffer.from(String(written)) },
      ])
    } catch (error) {
      assert.ok(error instanceof StoreUnavailableError)
      assert.match(error.message, /disk .* is full.*free some space/)
      assert.equal(await store.currentRevision(), before, 'a failed commit took a revision')
      break
    }
  }
  const { entries } = await store.list('/full/0')
  assert.equal(entries.length, written)
  assert.equal((await store.get('/full/last')).entry?.value.toString(), String(written - 1))
  await rm(path.join(process.env['STORE_TEST_BALLAST'] ?? ''))
  const [result] = await store.commit([{ key: '/full/after', value }])
  assert.ok(result?.ok)
  const events = await eventsUpTo(store, '/full/', 0, result.revision)
  assert.equal(events.length, 2 * written + 1)
  await store.close()
}

const environment = (task: string) => {
  const { NODE_TEST_CONTEXT: _, ...rest } = process.env
  return { ...rest, STORE_TEST_CHILD: task }
}
const program = process.argv[1] ?? ''

/** A child at its task; it is killed, at the latest, when it is disposed of. */
function start(task: string) {
  const started = spawn(process.execPath, [program], {
    env: environment(task),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  // It has ended, and all it said was read.
  const closed = once(started, 'close')
  let output = ''
  started.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  /** Waits until it has said so many lines; the first says that its store is open. */
  const untilLines = async (count: number): Promise<void> => {
    while (output.split('\n').length <= count) {
      const { exitCode, signalCode } = started
      assert.ok(exitCode === null && signalCode === null, `the child ended with ${exitCode ?? signalCode}`)
      await delay(1)
    }
  }
  const kill = async (): Promise<string> => {
    started.kill('SIGKILL')
    await closed
    return output
  }
  return {
    pid: started.pid,
    untilLines,
    kill,
    async [Symbol.asyncDispose]() {
      await kill()
    },
  }
}

async function inDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), 'tessera-store-'))
  try {
    await test(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

const write = (store: Store, key: string, text: string) => store.commit([{ key, value: Buffer.from(text) }])

function tests(): void {
  storeSuite(
    'embedded store',
    async () => {
      const directory = await mkdtemp(path.join(tmpdir(), 'tessera-store-'))
      return {
        open: () => openStore(`embedded:${directory}`),
        dispose: () => rm(directory, { recursive: true, force: true }),
      }
    },
    { runs: 40 },
  )

  describe('embedded store on disk', { timeout: 120_000 }, () => {
    it('has every acknowledged write after kill -9 in the middle of commits, none torn', () =>
      inDirectory(async directory => {
        for (let crash = 0; crash < 8; crash++) {
          await using writer = start(`write ${directory}`)
          await writer.untilLines(2 + crash * 50)
          const lines = (await writer.kill()).split('\n').slice(1, -1)
          const acknowledged = new Map(lines.map(line => line.split(' ').map(Number) as [number, number]))
          const store = await openStore(`embedded:${directory}`)
          await assertRoundsKept(store, '/w/', acknowledged)
          await assertHistoryWhole(store, '/w/', 0)
          await write(store, '/after', String(crash))
          await store.close()
        }
      }))

    it('belongs to one process at a time, and to the next when that one was killed', () =>
      inDirectory(async directory => {
        await using holder = start(`hold ${directory}`)
        await holder.untilLines(1)
        const inUse = new RegExp(`in use by process ${holder.pid}: stop that one first`)
        await assert.rejects(openStore(`embedded:${directory}`), inUse)
        await holder.kill()
        const store = await openStore(`embedded:${directory}`)
        await assert.rejects(openStore(`embedded:${directory}`), new RegExp(`in use by process ${process.pid}`))
        await write(store, '/a', 'still mine')
        await store.close()
        await (await openStore(`embedded:${directory}`)).close()
      }))

    it('says that its disk is full, writes nothing then, and works again when there is room', async t => {
      const script = `mount -t tmpfs -o size=8m tmpfs "$1" && head -c 3000000 /dev/zero >"$1/ballast" && exec "$2" "$3"`
      await inDirectory(async directory => {
        const probe = spawnSync('unshare', ['-rm', 'true'])
        if (probe.status !== 0) {
          t.skip('no mount namespace to be had')
          return
        }
        const { status, stderr } = spawnSync(
          'unshare',
          ['-rm', 'sh', '-ec', script, 'sh', directory, process.execPath, program],
          {
            env: { ...environment(`fill ${directory}/store`), STORE_TEST_BALLAST: `${directory}/ballast` },
            encoding: 'utf8',
          },
        )
        assert.equal(status, 0, stderr)
      })
    })

    it('refuses damaged files in words, without a crash', () =>
      inDirectory(async directory => {
        const good = path.join(directory, 'good')
        const store = await openStore(`embedded:${good}`)
        for (let index = 0; index < 200; index++) await write(store, `/k/${index}`, 'x'.repeat(5000))
        await store.close()
        const damages: Record<string, (file: string) => void> = {
          'something else': file => writeFileSync(file, 'x'.repeat(50_000)),
          zeros: file => writeFileSync(file, Buffer.alloc(50_000)),
          'one page': file => truncateSync(file, 4096),
          'cut in half': file => truncateSync(file, Math.floor(readFileSync(file).length / 8192) * 4096),
          'cut near its end': file => truncateSync(file, readFileSync(file).length - 40_960),
        }
        for (const [name, damage] of Object.entries(damages)) {
          const copy = path.join(directory, name.replaceAll(' ', '-'))
          await cp(good, copy, { recursive: true })
          damage(path.join(copy, 'data.mdb'))
          const before = readFileSync(path.join(copy, 'data.mdb'))
          for (const attempt of ['first', 'second']) {
            await assert.rejects(
              openStore(`embedded:${copy}`),
              /is damaged .*restore it from a backup/,
              `${name}, ${attempt}`,
            )
          }
          assert.ok(readFileSync(path.join(copy, 'data.mdb')).equals(before), `${name}: the file was changed`)
        }
        const again = await openStore(`embedded:${good}`)
        assert.equal((await again.list('/k/')).entries.length, 200)
        await again.close()
      }))

    it('says what is wrong with a directory it can not use', () =>
      inDirectory(async directory => {
        const file = path.join(directory, 'file')
        appendFileSync(file, 'x')
        await assert.rejects(openStore(`embedded:${file}`), /cannot use .*file for the store.*choose a directory/)
        await assert.rejects(openStore(`embedded:${file}/below`), /cannot use .*below for the store/)
        await assert.rejects(openStore('embedded:relative/path'), /absolute path/)
        await assert.rejects(openStore('/var/lib/tessera'), /not a store; known are embedded:/)
      }))

    it('forgets by itself what is older than it has to keep', () =>
      inDirectory(async directory => {
        const options = { historyMs: 100, compactEveryMs: 20 }
        const store = await openEmbeddedStore(directory, options)
        await write(store, '/a', 'old')
        await write(store, '/a', 'new')
        const old = await store.currentRevision()
        const deadline = Date.now() + 30_000
        for (;;) {
          await write(store, '/b', 'x')
          const answer = await store.list('/', { at: old }).catch((error: unknown) => error)
          if (answer instanceof CompactedError) break
          assert.ok(Date.now() < deadline, 'nothing was compacted')
          await delay(20)
        }
        assert.equal((await store.get('/a')).entry?.value.toString(), 'new')
        await store.close()
      }))

    it('forgets by count however young', () =>
      inDirectory(async directory => {
        const store = await openEmbeddedStore(directory, { historyRevisions: 50, compactEveryMs: 10 })
        const begin = await store.currentRevision()
        for (let index = 0; index < 200; index++) await write(store, '/a', String(index))
        const deadline = Date.now() + 30_000
        while (
          !((await eventsUpTo(store, '/', begin, begin + 200).catch((e: unknown) => e)) instanceof CompactedError)
        ) {
          assert.ok(Date.now() < deadline, 'nothing was compacted')
          await delay(10)
        }
        await store.close()
      }))
  })
}
