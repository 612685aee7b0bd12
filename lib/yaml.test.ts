import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatYaml, parseYaml, YamlError } from './yaml.ts'

describe('YAML', () => {
  it('reads version 1.1 scalars as kubectl does', () => {
    const text = 'octal: 0644\nswitch: on\nhex: 0x10\ndate: 2001-01-01\nfloat: 1e3\nnothing: ~\ntext: "0644"\n'
    assert.deepEqual(parseYaml(text, 'x'), [
      { octal: 0o644, switch: true, hex: 16, date: '2001-01-01', float: 1000, nothing: null, text: '0644' },
    ])
  })

  for (const [source, value] of [
    ['12:30:45', '12:30:45'],
    ['22:22', '22:22'],
    ['190:20:30', '190:20:30'],
    ['0o644', 0o644],
    ['0O644', 0o644],
    ['0X1F', 31],
    ['-0x1f', -31],
    ['0B11', 3],
    ['1_0.5', 10.5],
    ['1_000', 1000],
    ['08', 8],
    ['+12', 12],
    ['.5', 0.5],
    ['._5', '._5'],
    ['1e3', 1000],
    ['1.5e-3', 0.0015],
    ['y', true],
    ['Off', false],
    ['~', null],
    ['2001-01-01', '2001-01-01'],
    ['1.2.3', '1.2.3'],
    ['10.0.0.1', '10.0.0.1'],
    ['0x', '0x'],
    ['1k', '1k'],
    ['!foo x', 'x'],
    ['!foo 5', '5'],
    ['!!str 5', '5'],
    ['!!int "5"', 5],
    ['!!float 5', 5],
    ['!!binary aGVsbG8=', 'hello'],
    ['!foo {b: 1}', { b: 1 }],
    ['!foo [1]', [1]],
    ['<<', '<<'],
  ] as const) {
    it(`reads ${source} as ${JSON.stringify(value)}`, () => {
      assert.deepEqual(parseYaml(`- a: ${source}\n`, 'x'), [[{ a: value }]])
    })
  }

  it('refuses what JSON has no number for', () => {
    for (const source of ['.inf', '-.INF', '.nan']) {
      assert.throws(
        () => parseYaml(`a: ${source}`, 'x'),
        new RegExp(`^YamlError: x: ${source} can't be written as JSON`),
      )
    }
  })

  it('merges mappings where they stand', () => {
    const text = 'base: &b {x: 1, w: 2}\nmore: &m {w: 3, z: 4}\n'
    const merged = (lines: string) => (parseYaml(`${text}got:\n${lines}`, 'x')[0] as { got: unknown }).got
    assert.deepEqual(merged('  <<: *b\n  x: 9\n'), { x: 9, w: 2 })
    assert.deepEqual(merged('  x: 9\n  <<: *b\n'), { x: 1, w: 2 })
    assert.deepEqual(merged('  <<: [*b, *m]\n'), { x: 1, w: 2, z: 4 })
    assert.deepEqual(merged('  "<<": 1\n'), { '<<': 1 })
    assert.throws(() => merged('  <<: 5\n'), /map merge requires map or sequence of maps/)
  })

  it('reads the layouts that libyaml takes', () => {
    assert.deepEqual(parseYaml('a: [1,\n2\n]\nb: {\nc: 1\n}\n', 'x'), [{ a: [1, 2], b: { c: 1 } }])
    assert.deepEqual(parseYaml('a: "x\ny"\nb: 1\n', 'x'), [{ a: 'x y', b: 1 }])
    assert.deepEqual(parseYaml('a: |\n  one\n  two', 'x'), [{ a: 'one\ntwo' }])
    assert.deepEqual(parseYaml('a: |\n  one\n  two\n', 'x'), [{ a: 'one\ntwo\n' }])
    assert.deepEqual(parseYaml('a: |\n  one\nb: x', 'x'), [{ a: 'one\n', b: 'x' }])
  })

  it('takes __proto__ for a key like any other', () => {
    const [document] = parseYaml('__proto__: {polluted: true}\n', 'x')
    assert.deepEqual(Object.keys(document as object), ['__proto__'])
    assert.equal(Object.getPrototypeOf(document), Object.prototype)
  })

  it('splits documents and leaves empty ones out', () => {
    assert.deepEqual(parseYaml('a: 1\n---\n# nothing\n---\nb: 2\n', 'x'), [{ a: 1 }, { b: 2 }])
  })

  it('names file and line of a mistake', () => {
    assert.throws(
      () => parseYaml('a: 1\nb: [', 'pod.yaml'),
      (error: unknown) => {
        assert.ok(error instanceof YamlError)
        assert.match(error.message, /^pod\.yaml:\d+: /)
        return true
      },
    )
  })

  it('refuses a key that stands twice', () => {
    assert.throws(() => parseYaml('a: 1\na: 2\n', 'x'), /duplicated mapping key/)
  })

  it('writes what it reads back, ambiguous strings included', () => {
    const value = {
      yes: 'yes',
      octal: '0644',
      empty: '',
      list: ['on', 'null', '1e3', '2001-01-01'],
      text: 'a\nb\n',
      n: 1,
    }
    assert.deepEqual(parseYaml(formatYaml(value), 'x'), [value])
  })

  it('orders keys', () => {
    assert.equal(formatYaml({ b: 1, a: { d: 1, c: [] } }), 'a:\n  c: []\n  d: 1\nb: 1\n')
  })
})
