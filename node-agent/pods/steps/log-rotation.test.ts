import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { it, type TestContext } from 'node:test'
import { logFiles, rotate } from './log-rotation.ts'

function log(t: TestContext): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'log-rotation-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return path.join(folder, '0.log')
}

it('moves a log aside that grew too large, and keeps five files', async t => {
  const file = log(t)
  const reopened: string[] = []
  const runtime = {
    reopenContainerLog: ({ containerId = '' }) => {
      reopened.push(containerId)
      writeFileSync(file, '')
      return Promise.resolve({})
    },
  }
  writeFileSync(file, 'small')
  await rotate(file, 'c', runtime, 0, 5)
  assert.deepEqual(reopened, [])
  for (let turn = 0; turn < 8; turn++) {
    writeFileSync(file, `large ${turn}`)
    await rotate(file, 'c', runtime, turn * 1000, 5)
  }
  assert.equal(reopened.length, 8)
  assert.deepEqual(
    logFiles(file).map(each => readFileSync(each, 'utf8')),
    ['', 'large 7', 'large 6', 'large 5', 'large 4'],
  )
})

it('gives the name back when the runtime does not take the new file', async t => {
  const file = log(t)
  writeFileSync(file, 'large')
  const runtime = { reopenContainerLog: () => Promise.reject(new Error('away')) }
  await assert.rejects(rotate(file, 'c', runtime, 0, 1), /away/)
  assert.equal(existsSync(file), true)
  assert.deepEqual(readdirSync(path.dirname(file)), ['0.log'])
})
