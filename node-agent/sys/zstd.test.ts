import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ZstdDecompressor } from './zstd.ts'

/** RFC 8878: the magic number, a header without content size and with a window of 128 KiB, blocks. */
const begin = Buffer.from('28b52ffd0038', 'hex')
/** The last block: a byte repeated. */
function repeated(byte: number, count: number): Buffer {
  const block = Buffer.alloc(4, byte)
  block.writeUIntLE(1 | (1 << 1) | (count << 3), 0, 3)
  return block
}
const skippable = (length: number): Buffer =>
  Buffer.concat([Buffer.from('5f2a4d18', 'hex'), Buffer.from([length, 0, 0, 0]), Buffer.alloc(length, 1)])
/** `hello` eight times, compressed by zstd 1.5.4. */
const hello = Buffer.from('KLUv/QRobQAAOGhlbGxvIAoBAAKVIvGbVRU=', 'base64')

function decompress(bytes: Buffer, pieceBytes = bytes.length): Buffer {
  using decompressor = new ZstdDecompressor()
  const chunks: Buffer[] = []
  for (let offset = 0; offset < bytes.length; offset += pieceBytes) {
    for (const chunk of decompressor.push(bytes.subarray(offset, offset + pieceBytes))) chunks.push(Buffer.from(chunk))
  }
  decompressor.end()
  return Buffer.concat(chunks)
}

describe('zstd', () => {
  const wanted = Buffer.from(`${Array.from({ length: 8 }, () => 'hello').join(' ')}\n`)

  test('decompresses, in pieces of any size', () => {
    for (const pieceBytes of [1, 3, 1000]) assert.deepEqual(decompress(hello, pieceBytes), wanted)
  })

  test('reads frames one after another, and skips those that say so', () => {
    const frames = [skippable(5), hello, skippable(0), hello, begin, repeated(7, 3), skippable(9)]
    for (const pieceBytes of [1, 1000]) {
      assert.deepEqual(
        decompress(Buffer.concat(frames), pieceBytes),
        Buffer.concat([wanted, wanted, Buffer.alloc(3, 7)]),
      )
    }
    assert.deepEqual(decompress(skippable(200)), Buffer.alloc(0))
  })

  test('gives more than fits one chunk', () => {
    const blocks = Array.from({ length: 20 }, () => {
      const block = repeated(9, 100_000)
      block[0] = (block[0] ?? 0) & ~1
      return block
    })
    const bytes = Buffer.concat([begin, ...blocks, repeated(9, 0)])
    assert.deepEqual(decompress(bytes), Buffer.alloc(2_000_000, 9))
    // Full to the last byte, in one chunk and in two.
    for (const count of [2, 4].map(times => times * 131_072)) {
      const whole = Array.from({ length: count / 131_072 }, (_, index) => {
        const block = repeated(1, 131_072)
        if (index < count / 131_072 - 1) block[0] = (block[0] ?? 0) & ~1
        return block
      })
      assert.equal(decompress(Buffer.concat([begin, ...whole])).length, count)
    }
  })

  test('tells damage, and an end before the end', () => {
    for (const length of [3, 5, hello.length - 1]) {
      assert.throws(() => decompress(hello.subarray(0, length)), { name: 'ZstdError', message: 'unexpected end' })
    }
    assert.throws(() => decompress(Buffer.concat([hello, Buffer.from('text')])), {
      name: 'ZstdError',
      message: /frame/,
    })
    const damaged = Buffer.from(hello)
    damaged[damaged.length - 1] = 0
    assert.throws(() => decompress(damaged), { name: 'ZstdError', message: /checksum/ })
  })

  test('refuses a window that would take all memory', () => {
    const bytes = Buffer.concat([Buffer.from('28b52ffd00a8', 'hex'), repeated(0, 1)])
    assert.throws(() => decompress(bytes), { name: 'ZstdError', message: /too much memory/ })
  })
})
