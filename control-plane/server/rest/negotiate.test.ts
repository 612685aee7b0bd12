import assert from 'node:assert/strict'
import { test } from 'node:test'
import { negotiate, objectForm, parseMediaType } from './negotiate.ts'

test('takes the first clause that can be met, in the order of quality', () => {
  assert.equal(objectForm(undefined), 'json')
  assert.equal(objectForm(''), 'json')
  assert.equal(objectForm('*/*'), 'json')
  assert.equal(objectForm('application/*'), 'json')
  assert.equal(objectForm('application/vnd.kubernetes.protobuf, application/json'), 'json')
  assert.equal(objectForm('application/json;q=0.1, application/yaml'), 'yaml')
  assert.equal(objectForm('application/yaml;q=0, application/json'), 'json')
  assert.equal(objectForm('text/html, image/png;q=0.8, */*;q=0.5'), 'json')
})

test('understands what kubectl get asks for', () => {
  const accept =
    'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json'
  assert.equal(objectForm(accept), 'table')
  assert.equal(objectForm('application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json'), 'json')
  assert.equal(objectForm('application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'), 'partial')
  assert.equal(objectForm('application/json;stream=watch'), 'json')
})

test('refuses what cannot be met', () => {
  assert.equal(objectForm('application/vnd.kubernetes.protobuf'), undefined)
  assert.equal(objectForm('text/html'), undefined)
  assert.equal(objectForm('application/json;as=Picture;v=v1;g=meta.k8s.io'), undefined)
})

test('prefers the earlier offer where a clause accepts several', () => {
  const offers = [
    { mediaType: 'text/plain', parameters: {} },
    { mediaType: 'text/html', parameters: {} },
  ]
  assert.equal(negotiate('text/*', offers)?.mediaType, 'text/plain')
})

test('reads media types with quoted parameters', () => {
  const { type, parameters } = parseMediaType('Application/JSON; Charset="utf-8" ;x=1')
  assert.equal(type, 'application/json')
  assert.deepEqual(
    [...parameters],
    [
      ['charset', 'utf-8'],
      ['x', '1'],
    ],
  )
})
