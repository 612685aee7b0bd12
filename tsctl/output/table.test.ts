import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatTable } from './table.ts'

describe('table', () => {
  const table = {
    headings: ['NAME', 'AGE'],
    rows: [
      ['hello', '3s'],
      ['a-long-name', '12m'],
    ],
  }

  it('aligns columns three spaces apart', () => {
    assert.equal(formatTable(table), 'NAME          AGE\nhello         3s\na-long-name   12m\n')
  })

  it('leaves headings out, and their widths', () => {
    assert.equal(formatTable({ headings: ['A VERY LONG ONE', 'B'], rows: [['x', 'y']] }, false), 'x   y\n')
  })

  it('shows empty cells as blanks without trailing space', () => {
    assert.equal(formatTable({ headings: ['A', 'B'], rows: [['x', '']] }), 'A   B\nx\n')
  })
})
