import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { forbiddenLabels } from '../../control-plane/registry/admission/node-labels.ts'
import { FlagError, parseFlags } from './flags.ts'

const labels = (text: string) => parseFlags(['--node-name', 'n1', '--node-labels', text])?.labels

describe('--node-labels', () => {
  it('takes pairs, and values with nothing in them', () => {
    assert.deepEqual(labels('disk=ssd,example.com/rack=,topology.kubernetes.io/zone=a'), {
      disk: 'ssd',
      'example.com/rack': '',
      'topology.kubernetes.io/zone': 'a',
    })
  })

  const wrong: [text: string, why: RegExp][] = [
    ['disk', /"disk": expected KEY=VALUE/],
    ['=ssd', /"=ssd": expected KEY=VALUE/],
    ['a=b=c', /"a=b=c": a valid label must/],
    ['a b=c', /"a b=c": .*must consist of alphanumeric characters/],
    ['a/b/c=d', /"a\/b\/c=d": a valid label key must/],
    [
      'node-restriction.kubernetes.io/trusted=yes',
      /may not give itself the label "node-restriction\.kubernetes\.io\/trusted"; .*node\.kubernetes\.io.*administrator/,
    ],
    ['disk=ssd,node-role.kubernetes.io/control-plane=', /label "node-role\.kubernetes\.io\/control-plane"/],
  ]
  for (const [text, why] of wrong) {
    it(`refuses ${text}`, () => {
      assert.throws(
        () => labels(text),
        error => {
          assert.ok(error instanceof FlagError)
          assert.match(error.message, why)
          assert.match(error.message, /^--node-labels /)
          assert.equal(error.message.includes('\n'), false)
          return true
        },
      )
    })
  }

  it('takes what the server takes from a node, and nothing else', () => {
    const domains = ['kubernetes.io', 'k8s.io'].flatMap(domain =>
      ['', 'beta.', 'node.', 'sub.node.', 'kubelet.', 'topology.', 'node-role.', 'node-restriction.', 'x.'].map(
        prefix => `${prefix}${domain}`,
      ),
    )
    const more = ['failure-domain.beta.kubernetes.io', 'x.node-restriction.kubernetes.io', 'example.com', 'notk8s.io']
    const names = ['arch', 'hostname', 'instance-type', 'os', 'region', 'zone', 'other']
    const keys = [...names, ...[...domains, ...more].flatMap(domain => names.map(name => `${domain}/${name}`))]
    for (const key of keys) {
      const taken = forbiddenLabels({ [key]: 'x' }).length === 0
      if (taken) assert.deepEqual(labels(`${key}=x`), { [key]: 'x' })
      else assert.throws(() => labels(`${key}=x`), FlagError, key)
    }
  })
})

describe('--allowed-unsafe-sysctls', () => {
  const allowed = (text: string) => parseFlags(['--node-name', 'n1', '--allowed-unsafe-sysctls', text])?.sysctls

  it('takes names and what names begin with', () => {
    const list = allowed('kernel.msg*,net.core.somaxconn')
    assert.equal(list?.names.get('net.core.somaxconn'), 'Net')
    assert.equal(list.prefixes.get('kernel.msg'), 'IPC')
  })

  it('refuses what is the whole machine’s', () => {
    assert.throws(() => allowed('vm.swappiness'), {
      name: 'FlagError',
      message: `--allowed-unsafe-sysctls: "vm.swappiness" is not known to be a pod's own`,
    })
  })
})
