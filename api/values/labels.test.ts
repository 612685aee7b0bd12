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
    for (const text of ['app=web,', '=web', 'app in web', 'app in (web', 'app web', 'a,,b', '!', 'app=a=b', 'app>x']) {
      assert.throws(() => LabelSelector.parse(text), SelectorError, text)
    }
    assert.throws(() => LabelSelector.parse('app in web'), /found 'web', expected: '\('/)
    assert.throws(() => LabelSelector.parse('-x=1'), /on "-x": key: name part must consist/)
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
    for (const text of ['metadata.name', '=a', 'a=b=c', 'a=\\x', 'a=b\\']) {
      assert.throws(() => FieldSelector.parse(text), SelectorError, text)
    }
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
