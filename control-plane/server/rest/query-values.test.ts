// What Go's strconv and time say of the same texts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flag, int64, time } from './query-values.ts'

const query = (text: string) => new URLSearchParams(text)

test('a flag is set unless it is absent, false or 0', () => {
  for (const text of ['f=true', 'f=1', 'f', 'f=', 'f=no', 'f=true&f=false']) assert.equal(flag(query(text), 'f'), true)
  for (const text of ['', 'f=false', 'f=FALSE', 'f=0', 'f=false&f=true']) assert.equal(flag(query(text), 'f'), false)
})

test('a number is an int64 in decimal', () => {
  assert.equal(int64(query('n=12'), 'n'), 12)
  assert.equal(int64(query('n=-3'), 'n'), -3)
  assert.equal(int64(query('n=%2B3'), 'n'), 3)
  assert.equal(int64(query(''), 'n'), undefined)
  const refused = (text: string): string => `strconv.ParseInt: parsing ${text}`
  assert.throws(() => int64(query('n=x'), 'n'), { message: `${refused('"x"')}: invalid syntax`, code: 400 })
  assert.throws(() => int64(query('n='), 'n'), { message: `${refused('""')}: invalid syntax` })
  assert.throws(() => int64(query('n=1.5'), 'n'), { message: `${refused('"1.5"')}: invalid syntax` })
  assert.throws(() => int64(query('n=9223372036854775808'), 'n'), {
    message: `${refused('"9223372036854775808"')}: value out of range`,
  })
})

test('a time is RFC 3339, to the second', () => {
  assert.equal(time(query('t=1970-01-01T00:01:00.9Z'), 't'), 60)
  assert.equal(time(query('t=1970-01-01T01:00:00%2B01:00'), 't'), 0)
  assert.equal(time(query('t='), 't'), 0)
  assert.equal(time(query(''), 't'), undefined)
  const layout = ' as "2006-01-02T15:04:05Z07:00": cannot parse '
  const refusals: readonly (readonly [text: string, why: string])[] = [
    ['yesterday', `${layout}"yesterday" as "2006"`],
    ['2026-1-02', `${layout}"1-02" as "01"`],
    ['2026-01-02 03:04:05Z', `${layout}" 03:04:05Z" as "T"`],
    ['2026-01-02T03:04', `${layout}"" as ":"`],
    ['2026-01-02T03:04:05', `${layout}"" as "Z07:00"`],
    ['2026-13-02T03:04:05Z', ': month out of range'],
    ['2026-02-30T03:04:05Z', ': day out of range'],
    ['2026-02-03T24:04:05Z', ': hour out of range'],
    ['2026-02-03T03:04:05Z!', ': extra text: "!"'],
  ]
  for (const [text, why] of refusals) {
    const given = new URLSearchParams({ t: text })
    assert.throws(() => time(given, 't'), { message: `parsing time "${text}"${why}`, code: 400 })
  }
})
