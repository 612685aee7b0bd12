import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { encodeFrame, FrameReader } from './frames.ts'

describe('frames', () => {
  it('survive any way of cutting the stream', () => {
    const messages = fc.array(
      fc.record({ type: fc.string(), seq: fc.nat(), text: fc.string({ unit: 'binary' }) }, { noNullPrototype: true }),
    )
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sent, cuts) => {
        const stream = Buffer.concat(sent.map(encodeFrame))
        const reader = new FrameReader()
        const received: unknown[] = []
        for (let offset = 0, turn = 0; offset < stream.length; turn++) {
          const end = offset + (cuts[turn % cuts.length] ?? 1)
          received.push(...reader.push(stream.subarray(offset, end)))
          offset = end
        }
        assert.deepEqual(received, sent)
      }),
    )
  })

  it('refuses a length that no peer of ours sends', () => {
    assert.throws(() => new FrameReader().push(Buffer.from('GET / HTTP/1.1')), /frame of \d+ bytes/)
  })
})
