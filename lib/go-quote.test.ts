import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { goQuote } from './go-quote.ts'

describe('a text as Go quotes it', () => {
  const table: readonly [text: string, expected: string][] = [
    ['', '""'],
    ['a b/c', '"a b/c"'],
    ['say "hi" \\ back', '"say \\"hi\\" \\\\ back"'],
    ['one\ntwo\ttab\r', '"one\\ntwo\\ttab\\r"'],
    ['\x00\x07\v\x7f', '"\\x00\\a\\v\\x7f"'],
    ['ü☃漢😀', '"ü☃漢😀"'],
    ['half \ud83d of one', '"half \ufffd of one"'],
    ['\u00a0\u200b\u2028\u{e0001}', '"\\u00a0\\u200b\\u2028\\U000e0001"'],
  ]
  for (const [text, expected] of table) it(JSON.stringify(text), () => assert.equal(goQuote(text), expected))
})
