import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Quantity, QuantityError, quantityFault, storedQuantity } from './quantity.ts'

const quantities = fc
  .tuple(
    fc.constantFrom('', '-', '+'),
    fc.bigInt({ min: 0n, max: 10n ** 12n }),
    fc.option(fc.integer({ min: 0, max: 999_999_999 })),
    fc.constantFrom('', 'n', 'u', 'm', 'k', 'M', 'Ki', 'Mi', 'Gi', 'e3', 'E-3', 'e0'),
  )
  .map(([sign, whole, fraction, suffix]) => `${sign}${whole}${fraction === null ? '' : `.${fraction}`}${suffix}`)

describe('quantity', () => {
  it('has one canonical form', () => {
    const forms: Record<string, string> = {
      '0': '0',
      '1000m': '1',
      '0.5': '500m',
      '.5': '500m',
      '5.': '5.',
      '1.5Gi': '1536Mi',
      '1024Ki': '1Mi',
      '1024': '1024',
      '1000': '1k',
      '1500': '1500',
      '2000000': '2M',
      '0.1Ki': '102400m',
      '1023Ki': '1023Ki',
      '0.5Ki': '512',
      '1e3': '1e3',
      '12e5': '1200e3',
      '1E': '1E',
      '-1500m': '-1500m',
      '100n': '100n',
      '0.5n': '1n',
      '1.0000000001': '1000000001n',
      '0Ki': '0',
      '9223372036854775807': '9223372036854775807',
      '1e-3': '1e-3',
    }
    for (const [text, canonical] of Object.entries(forms)) assert.equal(storedQuantity(text), canonical, text)
  })

  it('is stored as it was written where that is as good', () => {
    for (const text of ['1.500', '+2', '05Mi', '36864e0', '360.791e3', '1.234k', '1e03', '10E', '1e30', '1E3']) {
      assert.equal(storedQuantity(text), text)
    }
    const forms = {
      '1.5': '1500m',
      '1500.000m': '1500m',
      '1E8': '100e6',
      ' 1Gi ': '1Gi',
      '08Mi': '8Mi',
      '1e1000': '10e999',
    }
    for (const [text, stored] of Object.entries(forms)) assert.equal(storedQuantity(text), stored, text)
  })

  it('is capped only with a power of 1024', () => {
    const forms = { '16Ei': '9223372036854775807', '9223372036854775808': '9223372036854775808' }
    for (const [text, stored] of Object.entries(forms)) assert.equal(storedQuantity(text), stored, text)
  })

  it('is nothing where there are no digits', () => {
    for (const text of ['k', 'Ki', '.', '+', '-', 'm']) assert.equal(storedQuantity(text), '0', text)
  })

  it('says why a text is none', () => {
    for (const text of ['1K', '1ki', '1e', '1i', '1mi'])
      assert.equal(quantityFault(text), "unable to parse quantity's suffix")
    for (const text of ['', '1,5', '1 Gi', '0x10', 'Inf', '5e2Mi', '１']) {
      assert.match(quantityFault(text), /^quantities must match the regular expression '/, text)
    }
  })

  it('refuses what is none', () => {
    for (const text of ['', '1mm', '1 ', ' 1', '1KI', '0x1', '1e', '1.2.3', '--1', 'NaN', '1e99999', '1Kii']) {
      assert.equal(Quantity.tryParse(text), undefined, JSON.stringify(text))
    }
    assert.throws(() => Quantity.parse('1 core'), QuantityError)
  })

  it('keeps its value in its canonical form, which is stable', () => {
    fc.assert(
      fc.property(quantities, text => {
        const quantity = Quantity.parse(text)
        const canonical = quantity.toString()
        assert.ok(Quantity.parse(canonical).equals(quantity), canonical)
        assert.equal(storedQuantity(canonical), canonical)
      }),
    )
  })

  it('adds and subtracts exactly, and orders as numbers are ordered', () => {
    fc.assert(
      fc.property(quantities, quantities, (a, b) => {
        const [x, y] = [Quantity.parse(a), Quantity.parse(b)]
        const sum = x.add(y)
        assert.ok(sum.sub(y).equals(x))
        assert.ok(sum.equals(y.add(x)))
        assert.equal(Math.sign(x.compare(y)), x.sub(y).sign())
        assert.equal(x.compare(y), -y.compare(x) + 0)
      }),
    )
  })

  it('counts whole and thousandth parts, rounded away from 0', () => {
    const cases: [text: string, value: number, milli: number][] = [
      ['250m', 1, 250],
      ['1', 1, 1000],
      ['100u', 1, 1],
      ['-1500m', -2, -1500],
      ['64Mi', 67_108_864, 67_108_864_000],
      ['0', 0, 0],
    ]
    for (const [text, value, milli] of cases) {
      assert.equal(Quantity.parse(text).value(), value, text)
      assert.equal(Quantity.parse(text).milliValue(), milli, text)
    }
  })

  it('writes sums in the format of the first', () => {
    const gibibyte = Quantity.parse('1Gi')
    assert.equal(gibibyte.add(Quantity.parse('1024')).toString(), '1048577Ki')
    assert.equal(Quantity.zero.add(gibibyte).toString(), '1Gi')
    assert.equal(Quantity.parse('1').add(Quantity.parse('500m')).toString(), '1500m')
    assert.equal(Quantity.ofBytes(3 * 1024 ** 3).toString(), '3Gi')
    assert.equal(Quantity.ofMilli(1500).toString(), '1500m')
    assert.equal(Quantity.of(110).toString(), '110')
  })
})
