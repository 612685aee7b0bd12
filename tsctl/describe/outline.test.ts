import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatOutline, outline, pairs } from './outline.ts'

describe('outline', () => {
  it('aligns values within a level and indents the next', () => {
    const text = formatOutline(
      outline(
        ['Name', 'hello'],
        ['Labels', pairs({ b: '2', a: '1' })],
        ['Annotations', []],
        ['Containers', outline(['web', outline(['Image', 'demo'], ['Ready', 'True'])])],
      ),
    )
    assert.equal(
      text,
      [
        'Name:         hello',
        'Labels:       a=1',
        '              b=2',
        'Annotations:  <none>',
        'Containers:',
        '  web:',
        '    Image:  demo',
        '    Ready:  True',
        '',
      ].join('\n'),
    )
  })
})
