import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { describe, it } from 'node:test'
import { ConfigError, help, parseConfig } from './config.ts'

describe("the control plane's flags", () => {
  it('have defaults for one machine', () => {
    assert.deepEqual(parseConfig([]), {
      store: 'embedded:/var/lib/tessera/store',
      pkiDirectory: '/var/lib/tessera/pki',
      listen: { host: '127.0.0.1', port: 6443 },
      grpcListen: { host: '127.0.0.1', port: 6444 },
      advertiseHost: '127.0.0.1',
      extraNames: [],
      nodeKubeconfigs: [],
      withScheduler: false,
    })
  })

  it('are all taken', () => {
    const config = parseConfig([
      ...['--data-dir=/data', '--store=etcd://a:1', '--listen=[::]:1', '--grpc-listen', '0.0.0.0:0'],
      ...['--extra-san=x', '--extra-san=y', '--node-kubeconfig=n1', '--with-scheduler'],
    ])
    assert.deepEqual(config, {
      store: 'etcd://a:1',
      pkiDirectory: '/data/pki',
      listen: { host: '::', port: 1 },
      grpcListen: { host: '0.0.0.0', port: 0 },
      advertiseHost: hostname(),
      extraNames: ['x', 'y'],
      nodeKubeconfigs: ['n1'],
      withScheduler: true,
    })
    assert.equal(parseConfig(['-h']), undefined)
  })

  it('are the ones that help names', () => {
    for (const [, flag = '', value] of help.matchAll(/^ {2}(--[a-z-]+)( [A-Z]+)?/gm)) {
      assert.throws(
        () => parseConfig([value ? `${flag}=127.0.0.1:9` : flag, '--no-such']),
        /Unknown option '--no-such'/,
      )
    }
  })

  const wrong: Record<string, [string[], RegExp]> = {
    'an unknown flag': [['--stroe=x'], /Unknown option '--stroe'.*see --help/],
    'a port alone': [['--listen=6443'], /--listen "6443": expected HOST:PORT/],
    'a port too large': [['--grpc-listen=a:65536'], /--grpc-listen "a:65536": expected HOST:PORT/],
    'an IPv6 address without brackets': [['--listen=::1:6443'], /expected HOST:PORT.*\[::\]:6443/],
    'one port for both doors': [['--listen=a:1', '--grpc-listen=a:1'], /both a:1: give each a port of its own/],
    'a URL to advertise': [['--advertise-address=https://x'], /--advertise-address "https:\/\/x": expected a host/],
    "what can't be a node": [['--node-kubeconfig=../x'], /--node-kubeconfig "\.\.\/x"/],
  }
  for (const [name, [args, message]] of Object.entries(wrong)) {
    it(`refuse ${name}`, () => {
      assert.throws(
        () => parseConfig(args),
        (error: unknown) => error instanceof ConfigError && message.test(error.message),
      )
    })
  }
})
