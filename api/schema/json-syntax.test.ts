import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { jsonSyntaxFault } from './json-syntax.ts'

describe('what is wrong with JSON', () => {
  for (const [text, fault] of [
    ['{', 'unexpected end of JSON input'],
    ['', 'unexpected end of JSON input'],
    ['{"a":1', 'unexpected end of JSON input'],
    ["{'a':1}", "invalid character '\\'' looking for beginning of object key string"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b"}', "invalid character '\"' after object key:value pair"],
    ['[1 2]', "invalid character '2' after array element"],
    ['[1,]', "invalid character ']' looking for beginning of value"],
    ['{"a":1}x', "invalid character 'x' after top-level value"],
    ['tru!', "invalid character '!' in literal true (expecting 'e')"],
    ['-x', "invalid character 'x' in numeric literal"],
    ['1.x', "invalid character 'x' after decimal point in numeric literal"],
    ['1ex', "invalid character 'x' in exponent of numeric literal"],
    ['"\\x"', "invalid character 'x' in string escape code"],
    ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
    ['"a\nb"', "invalid character '\\n' in string literal"],
    ['\xef\xbb\xbf{}', "invalid character 'ï' looking for beginning of value"],
    ['['.repeat(10_001), "invalid character '[' exceeded max depth"],
  ] as const) {
    it(`is told of ${JSON.stringify(text.slice(0, 20))}: ${fault}`, () => assert.equal(jsonSyntaxFault(text), fault))
  }

  it('is something just where JSON.parse refuses a text', () => {
    const broken = fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom('', '"', '{', ']', ',', '\\', 'x', '0'))
      .map(([text, at, piece]) => {
        const position = at % (text.length + 1)
        return text.slice(0, position) + piece + text.slice(position + 1)
      })
    const isJson = (text: string): boolean => {
      try {
        JSON.parse(text)
        return true
      } catch {
        return false
      }
    }
    fc.assert(
      fc.property(broken, text => {
        const latin = Buffer.from(text).toString('latin1')
        assert.equal(jsonSyntaxFault(latin) === undefined, isJson(text))
      }),
      { numRuns: 1000 },
    )
  })
})
