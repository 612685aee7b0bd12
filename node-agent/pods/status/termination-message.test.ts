import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { terminationFile } from '../configuration/mounts.ts'
import type { ObservedContainer } from '../observation/observation.ts'
import { container, makePod } from '../testing.ts'
import { ended } from '../testing-situation.ts'
import { reportedMessage, withTerminationMessage } from './termination-message.ts'

interface Left {
  readonly file?: string
  readonly log?: readonly string[]
}

/** What is told of a container that left a termination file and a log. */
function message(t: TestContext, left: Left, more: Partial<ObservedContainer> = {}): string {
  const root = mkdtempSync(path.join(os.tmpdir(), 'message-'))
  t.after(() => rmSync(root, { recursive: true }))
  const podDir = path.join(root, 'pod')
  const logPath = path.join(root, '0.log')
  mkdirSync(podDir)
  if (left.file !== undefined) writeFileSync(terminationFile(podDir, 'main', 0), left.file)
  if (left.log) writeFileSync(logPath, left.log.map(line => `2026-01-31T12:00:00.123456789Z stdout ${line}\n`).join(''))
  const record = ended('main', 1, { logPath, terminationMessagePolicy: 'FallbackToLogsOnError', ...more })
  return withTerminationMessage(podDir, record).message
}

describe('a termination message', () => {
  it('is the end of a long file', t => {
    const file = Array.from({ length: 1000 }, (_, index) => `${index}`.padStart(9, '0')).join(',')
    assert.equal(message(t, { file }), file.slice(-4096))
  })

  it('follows what the runtime says', t => {
    assert.equal(message(t, { file: 'late' }, { message: 'cannot start' }), 'cannot start: late')
  })

  it('is the end of the log where the file is empty', t => {
    assert.equal(message(t, { file: '', log: ['F one', 'P tw', 'F o', 'F '] }), 'one\ntwo\n\n')
  })

  it('is the end of a log of one line longer than what is told of it', t => {
    const line = 'x'.repeat(10_000)
    assert.equal(message(t, { log: [`F ${line}`] }), `${line.slice(-2047)}\n`)
  })

  it('takes 80 lines of a log', t => {
    const lines = Array.from({ length: 100 }, (_, index) => `F ${index}`)
    assert.equal(message(t, { log: lines }).split('\n')[0], '20')
  })

  const silent: readonly (readonly [string, Partial<ObservedContainer>])[] = [
    ['what succeeded', { exitCode: 0 }],
    ['another policy', { terminationMessagePolicy: 'File' }],
    ['what could not be run', { reason: 'ContainerCannotRun' }],
  ]
  for (const [what, more] of silent) {
    it(`is none of the log's for ${what}`, t => assert.equal(message(t, { log: ['F one'] }, more), ''))
  }

  it('shares what a pod may say with those of its other containers', () => {
    const pod = (count: number) =>
      makePod({
        initContainers: [container('step')],
        containers: Array.from({ length: count }, (_, index) => container(`c${index}`)),
      })
    const long = Array.from({ length: 1024 }, (_, index) => `${index}`.padStart(4, '0')).join('')
    assert.equal(reportedMessage(pod(1), long), long)
    assert.equal(reportedMessage(pod(3), long), long.slice(0, 3072))
    assert.equal(reportedMessage(pod(11), long), long.slice(0, 1024))
    assert.equal(reportedMessage(pod(11), 'short'), 'short')
  })
})
