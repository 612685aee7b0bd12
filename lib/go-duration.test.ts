import assert from 'node:assert/strict'
import { it } from 'node:test'
import { goDuration } from './go-duration.ts'

const table = {
  0: '0s',
  1: '1ms',
  308: '308ms',
  1000: '1s',
  1500: '1.5s',
  62_030: '1m2.03s',
  80_000: '1m20s',
  300_000: '5m0s',
  3_600_000: '1h0m0s',
  5_025_000: '1h23m45s',
}

it('prints durations as Go does', () => {
  for (const [ms, text] of Object.entries(table)) assert.equal(goDuration(Number(ms)), text)
})
