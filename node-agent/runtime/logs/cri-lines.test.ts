import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeLines, encodeRest, logTimestamp, maxContentBytes } from './cri-lines.ts'

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

test('however output is cut into chunks, the log says the same bytes in records of bounded length', () => {
  const bytes = fc.oneof(
    fc.string({ maxLength: 50 }),
    fc.constantFrom(
      '\n',
      '\n\n',
      'x'.repeat(maxContentBytes),
      'y'.repeat(maxContentBytes - 1),
      'z'.repeat(3 * maxContentBytes),
    ),
  )
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 8 }), chunks => {
      let carry: Buffer = Buffer.alloc(0)
      const parts: Buffer[] = []
      for (const chunk of chunks) {
        const encoded = encodeLines('stdout', carry, Buffer.from(chunk), at)
        carry = encoded.carry
        assert.ok(carry.length < maxContentBytes)
        parts.push(encoded.output)
      }
      parts.push(encodeRest('stdout', carry, at))
      const { content, longest } = decode(Buffer.concat(parts))
      assert.equal(content.toString(), chunks.join(''))
      assert.ok(longest <= maxContentBytes)
    }),
  )
})
