import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PodSpec } from '../../../api/kinds/core-v1/pod-spec.ts'
import { makePod } from '../testing.ts'
import { hostnameOf, hostsFile } from './hosts.ts'

const domain = 'cluster.local'
const long = `${'a'.repeat(61)}.-tail`

describe('the host name of a pod', () => {
  const table: readonly [what: string, spec: Partial<PodSpec>, podName: string, expected: string][] = [
    ['is the pod’s name', {}, 'web', 'web'],
    ['with its dots', {}, 'a.b.c', 'a.b.c'],
    ['or what it asks for', { hostname: 'h', subdomain: 's' }, 'web', 'h'],
    ['cut to a label of DNS', {}, `${'a'.repeat(63)}b`, 'a'.repeat(63)],
    ['and not in the middle of separators', {}, long, 'a'.repeat(61)],
    [
      'or the full name',
      { hostname: 'h', subdomain: 's', setHostnameAsFQDN: true },
      'web',
      `h.s.default.svc.${domain}`,
    ],
    ['which takes a subdomain', { hostname: 'h', setHostnameAsFQDN: true }, 'web', 'h'],
    ['or another altogether', { hostnameOverride: 'x.y', hostname: 'h', subdomain: 's' }, 'web', 'x.y'],
    ['which is cut, too', { hostnameOverride: long }, 'web', 'a'.repeat(61)],
  ]
  for (const [what, spec, name, expected] of table) {
    it(what, () => assert.equal(hostnameOf(makePod(spec, { name }), domain), expected))
  }

  it('is refused when its full name is too long for the kernel', () => {
    const pod = makePod({ hostname: 'a'.repeat(40), subdomain: 's', setHostnameAsFQDN: true })
    const full = `${'a'.repeat(40)}.s.default.svc.${domain}`
    assert.throws(() => hostnameOf(pod, domain), {
      message:
        `failed to construct FQDN from pod hostname and cluster domain, FQDN ${full} is too long ` +
        `(64 characters is the max, ${full.length} characters requested)`,
    })
  })
})

describe('/etc/hosts', () => {
  const head =
    '# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n' +
    'fe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n'
  const aliases = {
    hostAliases: [
      { ip: '1.2.3.4', hostnames: ['a', 'b'] },
      { ip: '::5', hostnames: ['six'] },
    ],
  }
  const aliasLines = '\n# Entries added by HostAliases.\n1.2.3.4\ta\tb\n::5\tsix\n'

  it('names the pod by each of its addresses', () => {
    assert.equal(
      hostsFile(makePod({ subdomain: 's' }), ['10.0.0.7', 'fd00::7'], '', domain),
      `${head}10.0.0.7\tweb.s.default.svc.${domain}\tweb\nfd00::7\tweb.s.default.svc.${domain}\tweb\n`,
    )
    const other = makePod({ hostnameOverride: 'over.example', subdomain: 's' })
    assert.equal(hostsFile(other, ['10.0.0.7'], '', domain), `${head}10.0.0.7\tover.example\n`)
  })

  it('has the aliases asked for', () => {
    assert.equal(hostsFile(makePod(aliases), ['10.0.0.7'], '', domain), `${head}10.0.0.7\tweb\n${aliasLines}`)
  })

  it('is the host’s word for word on the host’s network', () => {
    const host = '127.0.0.1 me\n\n# odd'
    const header = '# Kubernetes-managed hosts file (host network).\n'
    const of = (more: Partial<PodSpec>) =>
      hostsFile(makePod({ hostNetwork: true, ...more }), ['192.0.2.1'], host, domain)
    assert.equal(of({}), header + host)
    assert.equal(of(aliases), header + host + aliasLines)
  })
})
