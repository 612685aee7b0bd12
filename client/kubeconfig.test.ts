import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { defaultKubeconfigPath, KubeconfigError, kubeconfigPaths, loadKubeconfig } from './kubeconfig.ts'

const pem = (what: string): string => `-----BEGIN ${what}-----\nMA==\n-----END ${what}-----\n`
const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** A complete kubeconfig; a test changes one thing and sees what is said of it. */
function kubeconfig() {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'home',
    contexts: [
      { name: 'home', context: { cluster: 'here', user: 'me', namespace: 'lab' } },
      { name: 'other', context: { cluster: 'here', user: 'me' } },
    ],
    clusters: [
      {
        name: 'here',
        cluster: {
          server: 'https://127.0.0.1:6443',
          'certificate-authority-data': base64(pem('CERTIFICATE')),
          extensions: [{ name: 'tessera', extension: { grpc: '127.0.0.1:6444' } }] as unknown[],
        } as Record<string, unknown>,
      },
    ],
    users: [
      {
        name: 'me',
        user: { 'client-certificate-data': base64(pem('CERTIFICATE')), 'client-key': 'me.key' } as Record<
          string,
          unknown
        >,
      },
    ],
  }
}

describe('kubeconfig', () => {
  let folder = ''
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'tessera-kubeconfig-'))
    writeFileSync(path.join(folder, 'me.key'), pem('PRIVATE KEY'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  let count = 0
  function file(content: unknown): string {
    const target = path.join(folder, `config-${++count}`)
    writeFileSync(target, typeof content === 'string' ? content : JSON.stringify(content))
    return target
  }

  it('reads the current context, embedded and referenced PEM, and the gRPC address', () => {
    const config = loadKubeconfig(file(kubeconfig()))
    assert.equal(config.address, '127.0.0.1:6444')
    assert.equal(config.server, 'https://127.0.0.1:6443')
    assert.equal(config.namespace, 'lab')
    assert.equal(config.context, 'home')
    assert.equal(config.key.toString(), pem('PRIVATE KEY'))
    assert.equal(config.ca.toString(), pem('CERTIFICATE'))
  })

  it('takes another context when asked; a context without a namespace means default', () => {
    assert.equal(loadKubeconfig(file(kubeconfig()), { context: 'other' }).namespace, 'default')
  })

  it('merges the files of $KUBECONFIG, the first to name a thing winning, absent files passed over', () => {
    const { contexts, ...rest } = kubeconfig()
    const list = [
      file({ contexts: [contexts[1]], 'current-context': 'other' }),
      path.join(folder, 'absent'),
      file(rest),
    ]
    const config = loadKubeconfig(undefined, { env: { KUBECONFIG: list.join(':') } })
    assert.equal(config.context, 'other')
    assert.equal(config.address, '127.0.0.1:6444')
  })

  it('looks at --kubeconfig, $TESSERA_KUBECONFIG, $KUBECONFIG, then where the administrator has his', () => {
    const env = { TESSERA_KUBECONFIG: '/t', KUBECONFIG: '/a:/b' }
    assert.deepEqual(kubeconfigPaths('/x', env), ['/x'])
    assert.deepEqual(kubeconfigPaths(undefined, env), ['/t'])
    assert.deepEqual(kubeconfigPaths(undefined, { KUBECONFIG: '/a:/b' }), ['/a', '/b'])
    assert.deepEqual(kubeconfigPaths(undefined, {}), [defaultKubeconfigPath])
  })

  const wrong: [string, (config: ReturnType<typeof kubeconfig>) => unknown, RegExp][] = [
    [
      'no such context',
      config => Object.assign(config, { 'current-context': 'gone' }),
      /no entry named "gone" in contexts/,
    ],
    ['no current context', config => Object.assign(config, { 'current-context': '' }), /current-context is not set/],
    ['no such cluster', config => Object.assign(config, { clusters: [] }), /no entry named "here" in clusters/],
    [
      'another product’s cluster',
      config => Object.assign(config.clusters[0]!.cluster, { extensions: [] }),
      /clusters\[name=here\]\.cluster\.extensions has no entry \{name: tessera.*--kubeconfig/,
    ],
    [
      'an address without a port',
      config =>
        Object.assign(config.clusters[0]!.cluster, { extensions: [{ name: 'tessera', extension: { grpc: 'x' } }] }),
      /extension\.grpc is "x", expected HOST:PORT/,
    ],
    [
      'bad base64',
      config => Object.assign(config.users[0]!.user, { 'client-certificate-data': 'AAAA' }),
      /users\[name=me\]\.user\.client-certificate-data is not base64 of a PEM block/,
    ],
    [
      'a token instead of a certificate',
      config => Object.assign(config.users[0]!, { user: { token: 'secret' } }),
      /has neither client-certificate-data nor client-certificate/,
    ],
    [
      'a missing key file',
      config => Object.assign(config.users[0]!.user, { 'client-key': 'gone.key' }),
      /no file .*gone\.key/,
    ],
  ]
  for (const [what, change, message] of wrong) {
    it(`says what is wrong with ${what}`, () => {
      const config = kubeconfig()
      change(config)
      assert.throws(
        () => loadKubeconfig(file(config)),
        (error: Error) => {
          assert.ok(error instanceof KubeconfigError)
          assert.match(error.message, message)
          return true
        },
      )
    })
  }

  it('says what is wrong with a file that is not YAML, not a mapping, or not there', () => {
    assert.throws(() => loadKubeconfig(file('a: [')), KubeconfigError)
    assert.throws(() => loadKubeconfig(file('- a')), /expected a mapping at the top/)
    assert.throws(() => loadKubeconfig(path.join(folder, 'absent')), /no kubeconfig at .*absent: start a cluster/)
  })
})
