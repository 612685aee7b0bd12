import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PodSpec } from '../../../api/kinds/core-v1/pod-spec.ts'
import { makePod } from '../testing.ts'
import { podDns } from './dns.ts'

const host = '# c\nnameserver 192.0.2.53\ndomain old.example\nsearch example.com. . x\n options ndots:2 timeout:1\n'
const cluster = { servers: ['10.96.0.10'], domain: 'cluster.local' }
const of = (spec: Partial<PodSpec>, known = cluster, file = host) => podDns(makePod(spec), known, file)
const hostConfig = { servers: ['192.0.2.53'], searches: ['example.com', '.', 'x'], options: ['ndots:2', 'timeout:1'] }
const clusterConfig = {
  servers: ['10.96.0.10'],
  searches: ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'example.com', '.', 'x'],
  options: ['ndots:5'],
}
const named = (count: number, name: (index: number) => string): string[] =>
  Array.from({ length: count }, (_, index) => name(index))

describe('the resolver of a pod', () => {
  const table: readonly [what: string, spec: Partial<PodSpec>, expected: object][] = [
    ['is the cluster’s, with the host’s searches', {}, clusterConfig],
    ['is the host’s when it asks for that', { dnsPolicy: 'Default' }, hostConfig],
    ['is the host’s on the host’s network', { hostNetwork: true }, hostConfig],
    [
      'is the cluster’s there when it asks for that',
      { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' },
      clusterConfig,
    ],
  ]
  for (const [what, spec, expected] of table)
    it(what, () => assert.deepEqual(of(spec), { config: expected, warnings: [] }))

  it('is its own alone with policy None', () => {
    const options = [{ name: 'ndots', value: '1' }, { name: 'edns0' }, { name: 'rotate', value: '' }]
    const dnsConfig = { nameservers: ['9.9.9.9', '9.9.9.9'], searches: ['x', 'y', 'x'], options }
    assert.deepEqual(of({ dnsPolicy: 'None', dnsConfig }).config, {
      servers: ['9.9.9.9'],
      searches: ['x', 'y'],
      options: ['ndots:1', 'edns0', 'rotate'],
    })
  })

  it('has what is its own besides, each once, its options in the place of others', () => {
    const dnsConfig = {
      nameservers: ['192.0.2.53', '9.9.9.9'],
      searches: ['x', 'own'],
      options: [{ name: 'timeout' }, { name: 'attempts', value: '3' }],
    }
    assert.deepEqual(of({ dnsPolicy: 'Default', dnsConfig }).config, {
      servers: ['192.0.2.53', '9.9.9.9'],
      searches: ['example.com', '.', 'x', 'own'],
      options: ['ndots:2', 'timeout', 'attempts:3'],
    })
  })

  it('is the host’s where the cluster has none, which is told', () => {
    const none = { servers: [], domain: 'cluster.local' }
    const { config, warnings } = of({}, none)
    assert.deepEqual(config, hostConfig)
    const message =
      'pod: "web_default(uid-1)". kubelet does not have ClusterDNS IP configured and cannot create Pod using ' +
      '"ClusterFirst" policy. Falling back to "Default" policy.'
    assert.deepEqual(warnings, [{ reason: 'MissingClusterDNS', message }])
    assert.deepEqual(of({ dnsPolicy: 'Default' }, none).warnings, [])
  })

  it('has no more servers than resolvers ask, which is told', () => {
    const nameservers = named(4, index => `9.9.9.${index}`)
    const { config, warnings } = of({ dnsPolicy: 'None', dnsConfig: { nameservers } })
    assert.deepEqual(config.servers, nameservers.slice(0, 3))
    const message =
      'Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: ' +
      '9.9.9.0 9.9.9.1 9.9.9.2'
    assert.deepEqual(warnings, [{ reason: 'DNSConfigForming', message }])
  })

  it('has no more searches than fit a line, and none that is too long', () => {
    const searches = (wanted: string[]) => {
      const { config, warnings } = of({ dnsPolicy: 'None', dnsConfig: { searches: wanted } })
      const applied = config.searches ?? []
      const message =
        'Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ' +
        applied.join(' ')
      const told = applied.length === wanted.length ? [] : [{ reason: 'DNSConfigForming', message }]
      assert.deepEqual(warnings, told)
      return applied
    }
    const short = named(33, index => `s${index}`)
    assert.deepEqual(searches(short.slice(0, 32)), short.slice(0, 32))
    assert.deepEqual(searches(short), short.slice(0, 32))
    assert.deepEqual(searches(['a', 'b'.repeat(254), 'c']), ['a', 'c'])
    // Eight of 253 characters and the blanks between them are 2031.
    const wide = named(9, index => `${index}${'w'.repeat(252)}`)
    assert.deepEqual(searches(wide), wide.slice(0, 8))
  })
})
