import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { RecordFolder } from './record-folder.ts'

interface Note {
  readonly id: string
  readonly value: number
}

let scratch = ''
let folder = ''
beforeEach(() => {
  scratch = mkdtempSync(path.join(tmpdir(), 'tessera-records-'))
  folder = path.join(scratch, 'notes')
})
afterEach(() => rmSync(scratch, { recursive: true, force: true, maxRetries: 3 }))

test('the last state is found again, however many there were', () => {
  const records = new RecordFolder<Note>(folder)
  for (let value = 0; value <= 30; value++) records.save({ id: 'a', value })
  records.save({ id: 'b', value: 1 })
  assert.deepEqual(new RecordFolder<Note>(folder).list(), [
    { id: 'a', value: 30 },
    { id: 'b', value: 1 },
  ])
  assert.ok(readdirSync(records.folderOf('a')).length <= 8)
})

test('a state whose writing was cut off is as if it had not been', () => {
  const records = new RecordFolder<Note>(folder)
  records.save({ id: 'a', value: 1 })
  writeFileSync(path.join(records.folderOf('a'), '2.record.json'), '{"id":"a","val')
  const again = new RecordFolder<Note>(folder)
  assert.equal(again.get('a')?.value, 1)
  again.save({ id: 'a', value: 3 })
  assert.equal(new RecordFolder<Note>(folder).get('a')?.value, 3)
})

test('what has no record goes, with what lies beside it', () => {
  mkdirSync(path.join(folder, 'half'), { recursive: true })
  writeFileSync(path.join(folder, 'half', '1.record.json'), '')
  writeFileSync(path.join(folder, 'stray'), '')
  const records = new RecordFolder<Note>(folder)
  assert.deepEqual(records.list(), [])
  assert.deepEqual(readdirSync(folder), [])
})

test('a deleted one is gone at once, and its name free', () => {
  const records = new RecordFolder<Note>(folder)
  records.save({ id: 'a', value: 1 })
  writeFileSync(path.join(records.folderOf('a'), 'file'), 'x')
  records.delete('a')
  assert.equal(existsSync(records.folderOf('a')), false)
  records.delete('a')
  records.save({ id: 'a', value: 2 })
  assert.deepEqual(new RecordFolder<Note>(folder).list(), [{ id: 'a', value: 2 }])
})
