// What a pod's sandbox is asked for, and what is told of it, on a node whose API and runtime are in memory.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { container, eventually } from '../testing.ts'
import { harness } from '../testing-node.ts'

describe('a sandbox', () => {
  it('tells of a resolver that is not what the pod asks for, each time one is made', async t => {
    const h = harness(t)
    h.start()
    await h.apply({ containers: [container('a')] })
    await eventually(() => assert.deepEqual(h.runtime.running(), ['a']))
    const told = h.events.filter(event => event.startsWith('Warning MissingClusterDNS: pod: "web_default('))
    assert.equal(told.length, 2, 'for the sandbox, and for its container')
    await h.apply({ dnsPolicy: 'Default', containers: [container('b')] }, { name: 'other' })
    await eventually(() => assert.deepEqual(h.runtime.running().sort(), ['a', 'b']))
    assert.equal(h.events.filter(event => event.includes('MissingClusterDNS')).length, 2)
  })

  it('is not made for a pod that asks for what no sandbox can have', async t => {
    const h = harness(t)
    h.start()
    const hostname = 'h'.repeat(40)
    await h.apply({ hostname, subdomain: 's'.repeat(20), setHostnameAsFQDN: true }, { name: 'long' })
    await h.apply({ hostUsers: false }, { name: 'userns' })
    await eventually(() => {
      const told = h.events.filter(event => event.startsWith('Warning FailedCreatePodSandBox: '))
      assert.ok(told.some(event => event.includes('pod sandbox: failed to construct FQDN from pod hostname')))
      assert.ok(told.some(event => event.includes("pod sandbox: can't set `spec.hostUsers: false`, runtime does not")))
    })
    assert.equal(h.runtime.sandboxes.size, 0)
  })

  it('has the host’s name on the host’s network, whatever the pod’s would be', async t => {
    const h = harness(t)
    h.start()
    const long = { hostname: 'h'.repeat(40), subdomain: 's'.repeat(20), setHostnameAsFQDN: true }
    await h.apply({ hostNetwork: true, ...long })
    await eventually(() => assert.deepEqual(h.runtime.running(), ['main']))
    const [request] = h.runtime.configs.values()
    assert.equal(request?.sandboxConfig?.hostname, '')
  })
})
