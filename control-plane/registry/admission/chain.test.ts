import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { StatusError } from '../../../api/errors.ts'
import { configMaps } from '../../../api/kinds/core-v1/config-map.ts'
import type { Lookup } from '../lookup.ts'
import type { Reservation } from '../strategies/strategy.ts'
import { AdmissionChain } from './chain.ts'
import type { AdmissionPlugin, Attributes } from './plugin.ts'

const attributes: Attributes = {
  operation: 'create',
  kind: configMaps,
  subresource: '',
  namespace: 'default',
  name: 'a',
  user: undefined,
  dryRun: false,
  options: {},
  warn: () => {},
  annotate: () => {},
}

function chainOf(...plugins: AdmissionPlugin[]): AdmissionChain {
  // None of these plugins looks anything up.
  return new AdmissionChain(plugins, Object.create(null) as Lookup)
}

describe('the admission chain', () => {
  const log: string[] = []
  const reservation = (name: string): Reservation => ({
    confirm: () => Promise.resolve(void log.push(`confirm ${name}`)),
    abandon: () => Promise.resolve(void log.push(`abandon ${name}`)),
  })
  const plugin = (name: string, rest: Partial<AdmissionPlugin> = {}): AdmissionPlugin => ({
    name,
    handles: () => true,
    mutate: () => void log.push(`mutate ${name}`),
    validate: () => Promise.resolve(void log.push(`validate ${name}`)),
    reserve: () => Promise.resolve(reservation(name)),
    ...rest,
  })

  it('asks in order, those that handle the request', async () => {
    log.length = 0
    const chain = chainOf(plugin('a'), plugin('b', { handles: () => false }), plugin('c'))
    await chain.mutate(attributes)
    await chain.validate(attributes)
    for (const taken of await chain.reserve(attributes)) await taken.confirm()
    assert.deepEqual(log, ['mutate a', 'mutate c', 'validate a', 'validate c', 'confirm a', 'confirm c'])
  })

  it('gives back what was taken when somebody after refuses', async () => {
    log.length = 0
    const refused = StatusError.forbidden(configMaps, 'a', 'exceeded quota')
    const chain = chainOf(plugin('a'), plugin('b', { reserve: () => Promise.reject(refused) }), plugin('c'))
    await assert.rejects(chain.reserve(attributes), refused)
    assert.deepEqual(log, ['abandon a'])
  })
})
