import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { sleep } from './abort.ts'
import { longestTimerMs, systemClock } from './clock.ts'

test('what is further away than a timer of Node’s runs does not come at once', async () => {
  let came = false
  const cancel = systemClock.after(longestTimerMs + 1, () => (came = true))
  const stop = new AbortController()
  void sleep(longestTimerMs + 1, stop.signal).then(() => (came ||= !stop.signal.aborted))
  await delay(20)
  cancel()
  stop.abort()
  assert.equal(came, false)
})
