import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { FieldSelector } from './fields.ts'
import { LabelSelector, type Operator, type Requirement, SelectorError } from './labels.ts'

const web = { app: 'web', tier: 'front', weight: '10' }

describe('label selectors', () => {
  it('select by text', () => {
    const cases: [text: string, matches: boolean][] = [
      ['', true],
      ['app=web', true],
      ['app==web', true],
      ['app=db', false],
      ['app!=db', true],
      ['missing!=x', true],
      ['app in (web, db)', true],
      ['app notin (web,db)', false],
      ['missing notin (x)', true],
      ['app', true],
      ['!app', false],
      ['!missing', true],
      ['weight>9', true],
      ['weight<10', false],
      ['app>1', false],
      ['app=web,tier=front,!x', true],
      ['app=web,tier=back', false],
      ['app=', false],
      ['app in ()', false],
      ['  app  =  web  ', true],
    ]
    for (const [text, matches] of cases) assert.equal(LabelSelector.parse(text).matches(web), matches, text)
    assert.ok(LabelSelector.parse('app=').matches({ app: '' }))
  })

  it('say what they do not understand', () => {
    const requirement = 'unable to parse requirement: '
    for (const [text, message] of Object.entries({
      'app in (web': `${requirement}found '', expected: ',' or ')'`,
      'app in web': `${requirement}found 'web' expected: '('`,
      'app=web,': "found '', expected: identifier after ','",
      'app,,env': "found ',', expected: identifier after ','",
      'app=web=db': "found '=', expected: ',' or 'end of string'",
      'app=a b': "found 'b', expected: ',' or 'end of string'",
      '=web': "found '=', expected: !, identifier, or 'end of string'",
      'a b=c': `${requirement}found 'b', expected: in, notin, =, ==, !=, gt, lt`,
      'n>=4': `${requirement}found '=', expected: identifier`,
      '!': `${requirement}found '', expected: identifier`,
      'n>x': `${requirement}values[0]: Invalid value: "x": for 'Gt', 'Lt' operators, the value must be an integer`,
      'a>9223372036854775808': `${requirement}values[0]: Invalid value: "9223372036854775808": for 'Gt', 'Lt' operators, the value must be an integer`,
    })) {
      assert.throws(() => LabelSelector.parse(text), { name: 'SelectorError', message }, text)
    }
    assert.throws(
      () => LabelSelector.parse('-x=1'),
      /^SelectorError: unable to parse requirement: <nil>: Invalid value: "-x": name part/,
    )
    assert.throws(() => LabelSelector.parse('app=*'), /values\[0\]\[app\]: Invalid value: "\*": a valid label must be/)
    // A blank is one of four characters, whatever Unicode says.
    assert.throws(() => LabelSelector.parse('app\u00a0=web'), SelectorError)
  })

  it('read sets with empty values', () => {
    for (const text of ['a in ()', 'a in (,)', 'a in (,x)', 'a in (x,)', 'a in (x,,y)']) {
      assert.ok(LabelSelector.parse(text).matches({ a: '' }), text)
    }
  })

  it('compare only what an int64 holds', () => {
    const selector = LabelSelector.parse('a>1')
    assert.ok(selector.matches({ a: '9223372036854775807' }))
    assert.equal(selector.matches({ a: '9223372036854775808' }), false)
  })

  it('read an object: absent selects nothing, empty everything', () => {
    assert.equal(LabelSelector.from(undefined).matches(web), false)
    assert.equal(LabelSelector.from({}).matches(web), true)
    const selector = LabelSelector.from({
      matchLabels: { app: 'web' },
      matchExpressions: [
        { key: 'tier', operator: 'In', values: ['front', 'back'] },
        { key: 'canary', operator: 'DoesNotExist' },
      ],
    })
    assert.equal(selector.matches(web), true)
    assert.equal(selector.matches({ ...web, canary: 'yes' }), false)
    assert.equal(selector.toString(), 'app=web,tier in (back,front),!canary')
    assert.throws(() => LabelSelector.from({ matchExpressions: [{ key: 'a', operator: 'Like' }] }), /"Like" is not/)
  })

  it('are not fooled by what objects inherit', () => {
    assert.equal(LabelSelector.parse('constructor').matches({}), false)
    assert.equal(LabelSelector.parse('!toString').matches({}), true)
  })

  it('read back what they print', () => {
    const key = fc.stringMatching(/^[a-z][a-z0-9.]{0,5}[a-z]$/)
    const value = fc.stringMatching(/^[A-Za-z0-9]{0,6}$/)
    const values: Record<Operator, fc.Arbitrary<string[]>> = {
      in: fc.uniqueArray(value, { minLength: 1, maxLength: 3 }).map(list => list.sort()),
      notin: fc.uniqueArray(value, { minLength: 1, maxLength: 3 }).map(list => list.sort()),
      exists: fc.constant([]),
      notExists: fc.constant([]),
      gt: fc.integer().map(number => [String(Math.abs(number))]),
      lt: fc.integer().map(number => [String(Math.abs(number))]),
    }
    const requirement = fc
      .constantFrom<Operator>('in', 'notin', 'exists', 'notExists', 'gt', 'lt')
      .chain(operator =>
        fc.tuple(key, values[operator]).map(([key, values]): Requirement => ({ key, operator, values })),
      )
    fc.assert(
      fc.property(fc.array(requirement, { minLength: 1, maxLength: 4 }), requirements => {
        const keyword = requirements.some(({ key }) => key === 'in' || key === 'notin')
        fc.pre(!keyword)
        assert.deepEqual(LabelSelector.parse(LabelSelector.of(requirements).toString()).requirements, requirements)
      }),
    )
  })
})

describe('field selectors', () => {
  const fields = { 'metadata.name': 'a', 'spec.nodeName': '', 'status.phase': 'Running', odd: 'a,b=c\\d' }

  it('select by text', () => {
    const cases: [text: string, matches: boolean][] = [
      ['', true],
      ['metadata.name=a', true],
      ['metadata.name==a,status.phase!=Failed', true],
      ['spec.nodeName=', true],
      ['spec.nodeName!=', false],
      ['status.phase=Running,spec.nodeName!=', false],
      ['odd=a\\,b\\=c\\\\d', true],
    ]
    for (const [text, matches] of cases) assert.equal(FieldSelector.parse(text).matches(fields), matches, text)
  })

  it('say what they do not understand', () => {
    for (const [text, message] of Object.entries({
      a: "invalid selector: 'a'; can't understand 'a'",
      'a=b=c': 'invalid field selector: unescaped character in value: 61',
      'a\\=b=c': 'invalid field selector: unescaped character in value: 61',
      'a=\\n': 'invalid field selector: invalid escape sequence: \\n',
    })) {
      assert.throws(() => FieldSelector.parse(text), { name: 'SelectorError', message }, text)
    }
  })

  it('keep their blanks', () => {
    assert.deepEqual(FieldSelector.parse('metadata.name = q').requirements, [
      { field: 'metadata.name ', operator: '=', value: ' q' },
    ])
  })

  it('tell which value they demand, for an index', () => {
    const selector = FieldSelector.parse('spec.nodeName=n1,status.phase!=Failed')
    assert.equal(selector.exact('spec.nodeName'), 'n1')
    assert.equal(selector.exact('status.phase'), undefined)
  })

  it('read back what they print', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom<'=' | '!='>('=', '!='), (value, operator) => {
        fc.pre(!/[\n\r]/.test(value))
        const text = `spec.x${operator}${value.replace(/[\\,=]/g, '\\$&')}`
        const selector = FieldSelector.parse(text)
        assert.deepEqual(selector.requirements, [{ field: 'spec.x', operator, value }])
        assert.equal(selector.toString(), text)
      }),
    )
  })
})
