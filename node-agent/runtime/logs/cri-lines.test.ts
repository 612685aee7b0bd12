import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeLines, encodeRest, logTimestamp, maxCarryBytes, maxContentBytes } from './cri-lines.ts'

const at = logTimestamp(Date.UTC(2026, 0, 2, 3, 4, 5, 6))

/** What a reader of the log makes of it. */
function decode(log: Buffer): { readonly content: Buffer; readonly longest: number } {
  const parts: Buffer[] = []
  let longest = 0
  for (let start = 0; start < log.length; ) {
    const end = log.indexOf(0x0a, start)
    const prefix = log.toString('latin1', start, start + 40)
    const [, tag] = /^2026-01-02T03:04:05.006000000Z stdout ([FP]) /.exec(prefix) ?? []
    assert.ok(tag, prefix)
    const content = log.subarray(start + 40, end)
    longest = Math.max(longest, content.length)
    parts.push(content)
    if (tag === 'F') parts.push(Buffer.from('\n'))
    start = end + 1
  }
  return { content: Buffer.concat(parts), longest }
}

test('lines, and a rest', () => {
  const { output, carry } = encodeLines('stderr', Buffer.from('a'), Buffer.from('b\n\nc'), at)
  assert.equal(output.toString(), `${at} stderr F ab\n${at} stderr F \n`)
  assert.equal(carry.toString(), 'c')
  assert.equal(encodeRest('stderr', carry, at).toString(), `${at} stderr P c\n`)
  assert.equal(encodeRest('stderr', Buffer.alloc(0), at).length, 0)
})

test('the return of a line’s end is no content, other returns are', () => {
  const { output, carry } = encodeLines('stdout', Buffer.from('a\rb'), Buffer.from('\r\n\r\nc\r\r\nd\r'), at)
  assert.equal(output.toString(), `${at} stdout F a\rb\n${at} stdout F \n${at} stdout F c\r\n`)
  assert.equal(carry.toString(), 'd\r')
  assert.equal(encodeLines('stdout', carry, Buffer.from('\n'), at).output.toString(), `${at} stdout F d\n`)
  assert.equal(encodeRest('stdout', carry, at).toString(), `${at} stdout P d\r\n`)
  const longest = Buffer.alloc(maxContentBytes, 'x')
  const whole = encodeLines('stdout', longest, Buffer.from('\r'), at)
  assert.equal(whole.output.length, 0)
  assert.equal(
    encodeLines('stdout', whole.carry, Buffer.from('\n'), at).output.toString(),
    `${at} stdout F ${String(longest)}\n`,
  )
})

test('however output is cut into chunks, the log says the same in records of bounded length', () => {
  const bytes = fc.oneof(
    fc.string({ maxLength: 50 }),
    fc.constantFrom(
      '\n',
      '\r',
      '\r\n',
      '\n\n',
      'x'.repeat(maxContentBytes),
      'y'.repeat(maxContentBytes - 1),
      'z'.repeat(3 * maxContentBytes),
    ),
  )
  const log = (chunks: readonly string[]): Buffer => {
    let carry: Buffer = Buffer.alloc(0)
    const parts: Buffer[] = []
    for (const chunk of chunks) {
      const encoded = encodeLines('stdout', carry, Buffer.from(chunk), at)
      carry = encoded.carry
      assert.ok(carry.length <= maxCarryBytes)
      parts.push(encoded.output)
    }
    return Buffer.concat([...parts, encodeRest('stdout', carry, at)])
  }
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 8 }), chunks => {
      const whole = log([chunks.join('')])
      assert.ok(log(chunks).equals(whole))
      const { content, longest } = decode(whole)
      assert.equal(content.toString(), chunks.join('').replaceAll('\r\n', '\n'))
      assert.ok(longest <= maxContentBytes)
    }),
  )
})
