import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { humanDuration } from './age.ts'
import { portNumber, scaledValue } from './int-or-string.ts'
import { canonicalCidrErrors, canonicalIpErrors, cidrErrors, ipErrors } from './ip.ts'
import * as names from './names.ts'
import { formatMicroTime, microTimeOf, millisecondsOf, parseMicroMoment, parseMoment, timeOf } from './time.ts'

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

  it('tell what is wrong with the length and the dots of a label', () => {
    assert.deepEqual(names.dns1123LabelErrors('a.b'), ['must not contain dots'])
    assert.deepEqual(names.dns1123LabelErrors('x'.repeat(64)), ['must be no more than 63 characters'])
    assert.deepEqual(names.dns1123SubdomainErrors('x'.repeat(254)), ['must be no more than 253 characters'])
    assert.deepEqual(names.labelValueErrors('x'.repeat(64)), ['must be no more than 63 bytes'])
    const [prefix] = names.qualifiedNameErrors(`${'x'.repeat(254)}/a`)
    assert.equal(prefix, 'prefix part must be no more than 253 bytes')
  })

  it('tell what is wrong with a variable', () => {
    assert.deepEqual(names.envVarNameErrors(''), ['environment variable name must be non-empty'])
    assert.deepEqual(names.strictEnvVarNameErrors('..'), ["must not be '..'"])
    assert.deepEqual(names.strictEnvVarNameErrors('..a'), ["must not start with '..'"])
    assert.deepEqual(names.portNameErrors('éééééééé').slice(0, 1), ['must be no more than 15 characters'])
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
      ['10.0.0.1', '::', '::1', '2001:db8::ffff', '::1.2.3.4', '2001:DB8:0:0::1', '1:2:3:4:5:6:7:8'],
      ['', '1.2.3', '256.0.0.1', '01.2.3.4', ':::', '1::2::3', '1:2:3:4:5:6:7:8:9', 'g::', '1:2'],
    )
    expect(
      cidrErrors,
      ['10.0.0.0/8', '2001:db8::/64', '0.0.0.0/0'],
      ['10.0.0.0', '10.0.0.0/33', '::/129', 'a/8', '1.1.1.1/8/8'],
    )
  })

  for (const [check, text, error] of [
    [ipErrors, '::ffff:1.2.3.4', 'must not be an IPv4-mapped IPv6 address'],
    [ipErrors, '010.1.1.1', 'must not have leading 0s'],
    [ipErrors, '1', 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
    [cidrErrors, '::ffff:1.2.3.0/120', 'must not have an IPv4-mapped IPv6 address'],
    [cidrErrors, '1.2.3.4/24', 'must not have bits set beyond the prefix length'],
    [cidrErrors, '10.0.0.0/08', 'must not have leading 0s in IP or prefix length'],
    [cidrErrors, '010.0.0.0/8', 'must not have leading 0s in IP or prefix length'],
    [canonicalIpErrors, '2001:DB8:0:0::1', 'must be in canonical form ("2001:db8::1")'],
    [canonicalIpErrors, '1:0:0:2:0:0:0:3', 'must be in canonical form ("1:0:0:2::3")'],
    [canonicalCidrErrors, '2001:db8:0::/64', 'must be in canonical form ("2001:db8::/64")'],
  ] as const) {
    it(`of the form ${text}: ${error}`, () => assert.deepEqual(check(text), [error]))
  }

  it('are canonical as RFC 5952 says', () => {
    expect(canonicalIpErrors, ['10.0.0.1', '::', '::1', '2001:db8::1', '1:0:2:3:4:5:6:7', '1::2:0:0:3:4'], [])
    expect(canonicalCidrErrors, ['10.0.0.0/8', '::/0', '2001:db8::/32'], [])
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

  it('are read as Go reads them', () => {
    const noon = Date.UTC(2026, 0, 31, 12) / 1000
    assert.deepEqual(parseMoment('2026-01-31T12:00:00,5Z'), { seconds: noon, nanos: 500_000_000 })
    assert.equal(parseMoment('2026-01-31T5:04:05Z')?.seconds, Date.UTC(2026, 0, 31, 5, 4, 5) / 1000)
    for (const text of ['2026-01-31t12:00:00Z', '2026-01-31T12:00:00z']) assert.equal(parseMoment(text), undefined)
    for (const text of ['2026-01-31T12:00:00Z', '2026-01-31T12:00:00.123Z'])
      assert.equal(parseMicroMoment(text), undefined)
    assert.equal(parseMicroMoment('2026-01-31T12:00:00.000001Z')?.nanos, 1000)
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
    assert.equal(scaledValue('-10%', 10, 'up'), -1)
    assert.equal(scaledValue('+5%', 10, 'up'), 1)
    assert.equal(scaledValue('many', 10, 'up'), undefined)
    const ports = [{ name: 'http', containerPort: 80 }, { containerPort: 81 }]
    assert.equal(portNumber('http', ports), 80)
    assert.equal(portNumber(8080, ports), 8080)
    assert.equal(portNumber('ssh', ports), undefined)
  })
})
