import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { controlFrame, controlType, dataFrames, type Frame, readFrames } from './spdy-frames.ts'
import { dictionary, HeaderReader, HeaderWriter } from './spdy-headers.ts'
import { terminalSize } from './terminal-size.ts'

/** RFC 1950, section 8.2. */
function adler32(bytes: Buffer): number {
  let [low, high] = [1, 0]
  for (const byte of bytes) {
    low = (low + byte) % 65521
    high = (high + low) % 65521
  }
  return ((high << 16) | low) >>> 0
}

test('the dictionary is the one every client has', () => {
  assert.equal(adler32(dictionary).toString(16), 'e3c6a7c2')
})

test('header blocks of a connection are read in the order they were written', async () => {
  const reader = new HeaderReader()
  const writer = new HeaderWriter()
  for (const headers of [
    new Map([['streamtype', 'stdin']]),
    new Map(),
    new Map([
      ['a', 'ü'],
      ['b', ''],
    ]),
  ]) {
    assert.deepEqual(await reader.read(await writer.write(headers)), headers)
  }
  await assert.rejects(() => new HeaderReader().read(Buffer.from('no header block')))
})

test('frames arrive whole, however the connection cuts them', async () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(chunks, fc.integer({ min: 1, max: 50 }), async (payloads, step) => {
      const sent = payloads.map((payload, index) =>
        index % 2 === 0 ? [...dataFrames(7, payload, true)][0]! : controlFrame(controlType.ping, Buffer.from(payload)),
      )
      const bytes = Buffer.concat(sent)
      const cut = async function* () {
        for (let at = step; at < bytes.length; at += step) yield bytes.subarray(at, at + step)
      }
      const frames: Frame[] = []
      for await (const frame of readFrames(bytes.subarray(0, step), cut())) frames.push(frame)
      assert.deepEqual(
        frames,
        payloads.map((payload, index) =>
          index % 2 === 0
            ? { type: 'data', stream: 7, data: Buffer.from(payload), fin: true }
            : { type: 'control', kind: controlType.ping, payload: Buffer.from(payload) },
        ),
      )
    }),
  )
})

test('long data is cut into frames, and only the last ends the stream', () => {
  const frames = [...dataFrames(1, Buffer.alloc(150_000), true)]
  assert.deepEqual(
    frames.map(frame => [frame.length - 8, frame[4]]),
    [
      [65_536, 0],
      [65_536, 0],
      [18_928, 1],
    ],
  )
})

test('a frame too long, or of another version, ends the connection', async () => {
  const none = async function* (): AsyncGenerator<Buffer> {}
  const read = async (bytes: number[]) => {
    for await (const _ of readFrames(Buffer.from(bytes), none()));
  }
  await assert.rejects(read([0, 0, 0, 1, 0, 0xff, 0xff, 0xff]), /a SPDY frame of 16777215 bytes/)
  await assert.rejects(read([0x80, 2, 0, 1, 0, 0, 0, 0]), /SPDY of version 2/)
})

test('a terminal’s size is believed only where a terminal can have it', () => {
  assert.deepEqual(terminalSize(Buffer.from('{"Width":80,"Height":24}')), { columns: 80, rows: 24 })
  for (const text of [
    '',
    '{}',
    '[]',
    '{"Width":0,"Height":1}',
    '{"Width":1e9,"Height":1}',
    '{"Width":"80","Height":24}',
  ]) {
    assert.equal(terminalSize(Buffer.from(text)), undefined, text)
  }
})
