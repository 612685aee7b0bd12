import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { humanDuration } from './age.ts'
import { portNumber, scaledValue } from './int-or-string.ts'
import { cidrErrors, ipErrors } from './ip.ts'
import * as names from './names.ts'
import { formatMicroTime, microTimeOf, millisecondsOf, parseMoment, timeOf } from './time.ts'

type Check = (value: string) => string[]

function expect(check: Check, valid: readonly string[], bad: readonly string[]): void {
  for (const value of valid) assert.deepEqual(check(value), [], JSON.stringify(value))
  for (const value of bad) assert.notDeepEqual(check(value), [], JSON.stringify(value))
}

describe('names', () => {
  it('are checked as DNS does', () => {
    expect(
      names.dns1123LabelErrors,
      ['a', '0a-b', 'x'.repeat(63)],
      ['', 'A', '-a', 'a-', 'a.b', 'ä', 'x'.repeat(64), 'a\n'],
    )
    expect(names.dns1123SubdomainErrors, ['a.b', 'a-b.0', 'x'.repeat(253)], ['a..b', '.a', 'a_b', 'x'.repeat(254)])
    expect(names.dns1035LabelErrors, ['a', 'a0'], ['0a', ''])
  })

  it('tell what is wrong as Kubernetes does', () => {
    assert.deepEqual(names.dns1123LabelErrors('A'), [
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    ])
  })

  it('may have a prefix', () => {
    const qualified = ['a', 'A.b_c-d', 'example.com/Name', 'x'.repeat(63)]
    expect(names.qualifiedNameErrors, qualified, ['', '/a', 'a/', 'a/b/c', 'Example.com/a', '-a', 'x'.repeat(64)])
    expect(names.labelValueErrors, ['', 'a', 'A_1'], ['-', 'a b', 'x'.repeat(64)])
  })

  it('of variables, keys and ports have rules of their own', () => {
    expect(names.envVarNameErrors, ['A', 'a b', '1'], ['', 'a=b', 'ä'])
    expect(names.strictEnvVarNameErrors, ['A', '_a.b-c'], ['1a', ''])
    expect(names.configKeyErrors, ['a', '.a', 'A_b-1', '__proto__'], ['', '..', '.', '..a', 'a/b'])
    expect(names.portNameErrors, ['http', 'p-1'], ['', '8080', 'a--b', '-a', 'HTTP', 'x'.repeat(16)])
    expect(names.httpHeaderNameErrors, ['X-Y'], ['X Y', ''])
    expect(names.pathSegmentErrors, ['a:b'], ['.', 'a/b', 'a%20'])
  })
})

describe('addresses', () => {
  it('are of one of two families', () => {
    expect(
      ipErrors,
      ['10.0.0.1', '::', '::1', '2001:db8::ffff', '::ffff:1.2.3.4', '1:2:3:4:5:6:7:8'],
      ['', '1.2.3', '256.0.0.1', '01.2.3.4', ':::', '1::2::3', '1:2:3:4:5:6:7:8:9', 'g::', '1:2'],
    )
    expect(
      cidrErrors,
      ['10.0.0.0/8', '2001:db8::/64', '0.0.0.0/0'],
      ['10.0.0.0', '10.0.0.0/33', '::/129', 'a/8', '1.1.1.1/8/8'],
    )
  })
})

describe('times', () => {
  it('are read with any offset and written in UTC', () => {
    assert.equal(timeOf(Date.UTC(2026, 0, 31, 12)), '2026-01-31T12:00:00Z')
    assert.equal(millisecondsOf('2026-01-31T13:00:00.5+01:00'), Date.UTC(2026, 0, 31, 12, 0, 0, 500))
    const moment = parseMoment('2026-01-31T12:00:00.123456789Z')
    assert.equal(moment && formatMicroTime(moment), '2026-01-31T12:00:00.123456Z')
    assert.equal(microTimeOf(Date.UTC(2026, 0, 31) + 7), '2026-01-31T00:00:00.007000Z')
    assert.equal(millisecondsOf('0001-01-01T00:00:00Z'), -62_135_596_800_000)
  })

  it('must exist', () => {
    for (const text of ['', '2026-02-30T00:00:00Z', '2026-01-31', '2026-01-31T24:00:00Z', '2026-01-31T12:00:00']) {
      assert.equal(parseMoment(text), undefined, text)
    }
    assert.equal(millisecondsOf(undefined), undefined)
  })
})

describe('ages', () => {
  it('read as kubectl prints them', () => {
    const [second, minute, hour, day] = [1e3, 60e3, 3600e3, 86_400e3]
    const cases: [ms: number, text: string][] = [
      [-5 * second, '<invalid>'],
      [-second, '0s'],
      [0, '0s'],
      [119 * second, '119s'],
      [2 * minute, '2m'],
      [3 * minute + 5 * second, '3m5s'],
      [10 * minute + 59 * second, '10m'],
      [179 * minute, '179m'],
      [3 * hour, '3h'],
      [7 * hour + 12 * minute, '7h12m'],
      [47 * hour, '47h'],
      [2 * day, '2d'],
      [7 * day + 3 * hour, '7d3h'],
      [700 * day, '700d'],
      [760 * day, '2y30d'],
      [4000 * day, '10y'],
    ]
    for (const [ms, text] of cases) assert.equal(humanDuration(ms), text)
  })
})

describe('numbers or strings', () => {
  it('are counts or percentages, ports by number or name', () => {
    assert.equal(scaledValue(3, 10, 'up'), 3)
    assert.equal(scaledValue('25%', 10, 'up'), 3)
    assert.equal(scaledValue('25%', 10, 'down'), 2)
    assert.equal(scaledValue('many', 10, 'up'), undefined)
    const ports = [{ name: 'http', containerPort: 80 }, { containerPort: 81 }]
    assert.equal(portNumber('http', ports), 80)
    assert.equal(portNumber(8080, ports), 8080)
    assert.equal(portNumber('ssh', ports), undefined)
  })
})
