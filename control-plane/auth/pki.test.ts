import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import tls from 'node:tls'
import { systemClock } from '../../lib/clock.ts'
import { serverTlsOptions, verifiedPeer } from '../../lib/tls.ts'
import { parseYaml } from '../../lib/yaml.ts'
import { anonymous, authenticate, type User } from './authenticate.ts'
import { openPki, type Pki } from './pki.ts'
import { adminUser, nodeUser } from './users.ts'

const doors = { rest: '10.1.2.3:6443', grpc: '10.1.2.3:6444' }
const dayMs = 86_400_000

describe('the certificates of a cluster', () => {
  let directory = ''
  beforeEach(() => {
    directory = path.join(mkdtempSync(path.join(tmpdir(), 'tessera-pki-')), 'pki')
  })
  afterEach(() => rmSync(path.dirname(directory), { recursive: true, force: true }))

  const contents = (): Record<string, string> =>
    Object.fromEntries(readdirSync(directory).map(name => [name, readFileSync(path.join(directory, name), 'utf8')]))

  interface Kubeconfig {
    clusters: { cluster: { server: string; 'certificate-authority-data': string; extensions: unknown[] } }[]
    users: { user: { 'client-certificate-data': string; 'client-key-data': string } }[]
  }
  const decode = (base64: string): string => Buffer.from(base64, 'base64').toString()

  /** Dials a server that presents the PKI's certificate; answers whom the server takes the client for. */
  async function dial(pki: Pki, servername: string, kubeconfig?: string): Promise<User> {
    const server = tls.createServer(serverTlsOptions(pki.server))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    try {
      const [config] =
        kubeconfig === undefined ? [] : (parseYaml(readFileSync(kubeconfig, 'utf8'), kubeconfig) as Kubeconfig[])
      const user = config?.users[0]?.user
      const accepted = once(server, 'secureConnection')
      const socket = tls.connect({
        port: (server.address() as AddressInfo).port,
        host: '127.0.0.1',
        servername,
        ca: pki.server.ca,
        ...(user && { cert: decode(user['client-certificate-data']), key: decode(user['client-key-data']) }),
      })
      await once(socket, 'secureConnect')
      const [peer] = (await accepted) as [tls.TLSSocket]
      const found = authenticate(verifiedPeer(peer))
      socket.destroy()
      return found
    } finally {
      server.close()
    }
  }

  it('let clients in by name and groups, and take strangers for strangers', async () => {
    const pki = await openPki(directory, { serverNames: ['example.test', '10.1.2.3'] })
    const admin = await pki.kubeconfig('admin', adminUser, doors)
    const node = await pki.kubeconfig('node-a', nodeUser('a'), doors)
    assert.equal(admin, path.join(directory, 'admin.kubeconfig'))
    assert.deepEqual(await dial(pki, 'localhost', admin), {
      name: 'kubernetes-admin',
      groups: ['system:masters', 'system:authenticated'],
    })
    assert.deepEqual(await dial(pki, 'kubernetes.default.svc', node), {
      name: 'system:node:a',
      groups: ['system:nodes', 'system:authenticated'],
    })
    assert.deepEqual(await dial(pki, 'example.test'), anonymous)
    await assert.rejects(dial(pki, 'other.test'), /altnames/)
    const foreign = await openPki(path.join(directory, 'foreign'))
    const stranger = await foreign.kubeconfig('admin', adminUser, doors)
    assert.deepEqual(await dial(pki, 'localhost', stranger), anonymous)
  })

  it('write kubeconfigs with both doors', async () => {
    const pki = await openPki(directory)
    const [config] = parseYaml(
      readFileSync(await pki.kubeconfig('admin', adminUser, doors), 'utf8'),
      'admin',
    ) as Kubeconfig[]
    const cluster = config?.clusters[0]?.cluster
    assert.equal(cluster?.server, 'https://10.1.2.3:6443')
    assert.deepEqual(cluster.extensions, [{ name: 'tessera', extension: { grpc: '10.1.2.3:6444' } }])
    assert.equal(decode(cluster['certificate-authority-data']), pki.server.ca)
  })

  it('are made once', async () => {
    const make = async (): Promise<void> => {
      const pki = await openPki(directory, { serverNames: ['2001:db8::1'] })
      await pki.kubeconfig('admin', adminUser, doors)
    }
    await make()
    const first = contents()
    await make()
    assert.deepEqual(contents(), first)
    assert.deepEqual(Object.keys(first).sort(), [
      'admin.crt',
      'admin.key',
      'admin.kubeconfig',
      'ca.crt',
      'ca.key',
      'server.crt',
      'server.key',
    ])
  })

  it('are made once by processes that start together', async () => {
    const all = await Promise.all(Array.from({ length: 5 }, () => openPki(directory)))
    assert.equal(new Set(all.map(pki => pki.server.ca)).size, 1)
    assert.deepEqual(
      readdirSync(directory).filter(name => name.endsWith('.new')),
      [],
    )
  })

  it('keep their keys from others', async () => {
    const pki = await openPki(directory)
    await pki.kubeconfig('admin', adminUser, doors)
    assert.equal(statSync(directory).mode & 0o777, 0o700)
    for (const name of ['ca.key', 'server.key', 'admin.key', 'admin.kubeconfig']) {
      assert.equal(statSync(path.join(directory, name)).mode & 0o777, 0o600, name)
    }
  })

  it('follow their names and their time, under the same CA', async () => {
    const before = (await openPki(directory)).server
    const named = (await openPki(directory, { serverNames: ['new.test'] })).server
    assert.notEqual(named.cert, before.cert)
    assert.match(new X509Certificate(named.cert).subjectAltName ?? '', /DNS:new\.test/)
    const at = (days: number) => ({
      serverNames: ['new.test'],
      clock: { ...systemClock, now: () => Date.now() + days * dayMs },
    })
    assert.equal((await openPki(directory, at(300))).server.cert, named.cert)
    const renewed = (await openPki(directory, at(340))).server
    assert.notEqual(renewed.cert, named.cert)
    assert.equal(renewed.ca, before.ca)
    const config = await (await openPki(directory)).kubeconfig('admin', adminUser, doors)
    const text = readFileSync(config, 'utf8')
    const moved = await (await openPki(directory)).kubeconfig('admin', adminUser, { ...doors, rest: '10.1.2.4:6443' })
    assert.equal(readFileSync(moved, 'utf8'), text.replace('10.1.2.3:6443', '10.1.2.4:6443'))
  })

  it('are replaced when cut short or exchanged, except the CA', async () => {
    const pki = await openPki(directory)
    writeFileSync(path.join(directory, 'server.crt'), pki.server.cert.slice(0, 100))
    const again = await openPki(directory)
    assert.notEqual(again.server.cert, pki.server.cert)
    assert.deepEqual(await dial(again, 'localhost'), anonymous)
    rmSync(path.join(directory, 'ca.key'))
    await assert.rejects(openPki(directory), /ca\.key is not.*restore the key/)
    writeFileSync(path.join(directory, 'ca.key'), pki.server.key)
    await assert.rejects(openPki(directory), /ca\.key does not belong to .*ca\.crt/)
    writeFileSync(path.join(directory, 'ca.crt'), 'nothing')
    await assert.rejects(openPki(directory), /ca\.crt is not a certificate/)
  })

  it('say which directory can not be used', async () => {
    writeFileSync(directory, 'a file')
    chmodSync(directory, 0o600)
    await assert.rejects(openPki(directory), /cannot keep certificates in .*--pki-dir/)
  })
})
