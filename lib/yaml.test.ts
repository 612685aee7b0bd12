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
