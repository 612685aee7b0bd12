import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RuntimeService } from '../../../proto/gen/cri.ts'
import { fit, maxOutputBytes } from './exec-sync.ts'

const lengths = (stdout: number, stderr: number): number[] => {
  const fitted = fit(Buffer.alloc(stdout), Buffer.alloc(stderr))
  return [fitted.stdout.length, fitted.stderr.length]
}

test('output and errors share one response, and either has what the other leaves', () => {
  const half = maxOutputBytes / 2
  assert.deepEqual(lengths(5, 7), [5, 7])
  assert.deepEqual(lengths(maxOutputBytes, 0), [maxOutputBytes, 0])
  assert.deepEqual(lengths(maxOutputBytes, 100), [maxOutputBytes - 100, 100])
  assert.deepEqual(lengths(100, maxOutputBytes), [100, maxOutputBytes - 100])
  assert.deepEqual(lengths(maxOutputBytes, maxOutputBytes), [half, half])
})

test('the response is a message the kubelet takes', () => {
  const { stdout, stderr } = fit(Buffer.alloc(maxOutputBytes), Buffer.alloc(maxOutputBytes))
  const message = RuntimeService.ExecSync.responseSerialize({ stdout, stderr, exitCode: -1 })
  assert.ok(message.length <= 16 << 20, String(message.length))
})
