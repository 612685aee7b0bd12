// httpGet probes against servers that say exactly what a test has them say. The words are those of a kubelet v1.36.
import assert from 'node:assert/strict'
import https from 'node:https'
import net from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import type { HTTPGetAction } from '../../api/kinds/core-v1/probes.ts'
import { getRequest } from './http/request.ts'
import { probeHttp } from './http.ts'
import { failure, success } from './outcome.ts'
import { certificate, closedPort, listen, loopback, never, rawServer } from './testing.ts'

type Action = Partial<HTTPGetAction> & { readonly port: number }

const probe = (action: Action, timeoutMs = 30_000) =>
  probeHttp(getRequest(action, action.port, loopback, 'probe'), timeoutMs, never)

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

describe('an HTTP probe', () => {
  it('sends what Go sends', async t => {
    const { port, heard } = await rawServer(t, () => ok)
    const httpHeaders = [
      { name: 'x-mine', value: 'v' },
      { name: 'X-Mine', value: ' w ' },
      { name: 'Content-Length', value: '3' },
    ]
    assert.deepEqual(await probe({ port, path: '/a?b=c', httpHeaders }), success('ok'))
    assert.equal(
      heard[0],
      [
        'GET /a?b=c HTTP/1.1',
        `Host: ${loopback}:${port}`,
        'User-Agent: kube-probe/1.36',
        'Accept: */*',
        'X-Mine: v',
        'X-Mine: w',
        'Connection: close',
        '\r\n',
      ].join('\r\n'),
    )
  })

  it('sends the Host, User-Agent and Accept headers it is given, and an empty Accept not at all', async t => {
    const { port, heard } = await rawServer(t, () => ok)
    const httpHeaders = [
      { name: 'Host', value: 'my.host' },
      { name: 'Host', value: 'another' },
      { name: 'User-Agent', value: 'mine/1' },
      { name: 'accept', value: '' },
    ]
    await probe({ port, path: '/', httpHeaders })
    assert.equal(heard[0], 'GET / HTTP/1.1\r\nHost: my.host\r\nUser-Agent: mine/1\r\nConnection: close\r\n\r\n')
  })

  it('fails for headers that can’t be sent, and sends nothing', async t => {
    const { port, heard } = await rawServer(t, () => ok)
    const url = `Get "http://${loopback}:${port}/"`
    assert.deepEqual(
      await probe({ port, path: '/', httpHeaders: [{ name: 'X-A', value: 'a\r\nb' }] }),
      failure(`${url}: net/http: invalid header field value for "X-A"`),
    )
    assert.deepEqual(
      await probe({ port, path: '/', httpHeaders: [{ name: 'Host', value: 'a b' }] }),
      failure(`${url}: http: invalid Host header`),
    )
    assert.deepEqual(heard, [])
  })

  it('is content with 2xx; with 3xx that lead nowhere it is, with a warning', async t => {
    const { port } = await rawServer(t, request => `HTTP/1.1 ${/\/(\d+)/.exec(request)?.[1]} x\r\n\r\nbody`)
    assert.deepEqual(await probe({ port, path: '/204' }), success(''))
    assert.deepEqual(await probe({ port, path: '/299' }), success('body'))
    const warned = { result: 'warning', output: 'Probe terminated redirects, Response body: body' }
    assert.deepEqual(await probe({ port, path: '/302' }), warned)
    assert.deepEqual(await probe({ port, path: '/399' }), warned)
    assert.deepEqual(await probe({ port, path: '/400' }), failure('HTTP probe failed with statuscode: 400'))
    assert.deepEqual(await probe({ port, path: '/503' }), failure('HTTP probe failed with statuscode: 503'))
  })

  it('follows redirects on the same host, with its Host header and where it came from', async t => {
    const { port, heard } = await rawServer(t, request =>
      request.startsWith('GET /next') ? ok : 'HTTP/1.1 302 x\r\nLocation: next?a=b\r\n\r\n',
    )
    const httpHeaders = [{ name: 'Host', value: 'my.host' }]
    assert.deepEqual(await probe({ port, path: '/first', httpHeaders }), success('ok'))
    assert.match(heard[1] ?? '', /^GET \/next\?a=b HTTP\/1.1\r\nHost: my.host\r\n/)
    assert.match(heard[1] ?? '', new RegExp(`\r\nReferer: http://${loopback}:${port}/first\r\n`))
  })

  it('follows a redirect to another port of the host, but not to another host', async t => {
    const target = await rawServer(t, () => 'HTTP/1.1 404 x\r\n\r\n')
    const { port } = await rawServer(t, request =>
      request.startsWith('GET /away')
        ? 'HTTP/1.1 301 x\r\nLocation: http://elsewhere.invalid/\r\nContent-Length: 3\r\n\r\nbye'
        : `HTTP/1.1 307 x\r\nLocation: http://${loopback}:${target.port}/\r\n\r\n`,
    )
    assert.deepEqual(await probe({ port, path: '/' }), failure('HTTP probe failed with statuscode: 404'))
    const warned = { result: 'warning', output: 'Probe terminated redirects, Response body: bye' }
    assert.deepEqual(await probe({ port, path: '/away' }), warned)
  })

  it('stops after ten redirects', async t => {
    const { port, heard } = await rawServer(t, () => 'HTTP/1.1 302 x\r\nLocation: /loop\r\n\r\n')
    assert.deepEqual(await probe({ port, path: '/' }), failure('Get "/loop": stopped after 10 redirects'))
    assert.equal(heard.length, 10)
  })

  it('fails where a redirect leads to no URL', async t => {
    const { port } = await rawServer(t, () => 'HTTP/1.1 302 x\r\nLocation: /%zz\r\n\r\n')
    const { output } = await probe({ port, path: '/' })
    const words = 'failed to parse Location header "/%zz": parse "/%zz": invalid URL escape "%zz"'
    assert.equal(output, `Get "http://${loopback}:${port}/": ${words}`)
  })

  it('reads 10 KiB of a body and no more', async t => {
    const { port } = await rawServer(t, (_, socket) => {
      socket.write(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(20_000)}`)
      return undefined
    })
    const { result, output } = await probe({ port, path: '/' })
    assert.deepEqual([result, output.length], ['success', 10_240])
  })

  it('understands chunks, 1xx responses and HTTP/1.0', async t => {
    const { port } = await rawServer(t, request =>
      request.startsWith('GET /chunks')
        ? 'HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n'
        : 'HTTP/1.0 200 OK\nTransfer-Encoding: chunked\n\nabc',
    )
    assert.deepEqual(await probe({ port, path: '/chunks' }), success('abcde'))
    assert.deepEqual(await probe({ port, path: '/old' }), success('abc'))
  })

  it('says what is wrong with an answer that is none', async t => {
    const { port } = await rawServer(t, request => decodeURIComponent(/^GET \/(\S*)/.exec(request)?.[1] ?? ''))
    const say = async (answer: string) =>
      (await probe({ port, path: `/${encodeURIComponent(answer)}` })).output.replace(/^Get "[^"]*": /, '')
    const broken = 'net/http: HTTP/1.x transport connection broken:'
    assert.equal(await say('hi\x01 200\r\n'), `${broken} malformed HTTP version "hi\\x01"`)
    assert.equal(await say('hi\x01\r\n'), `${broken} malformed HTTP response "hi\\x01"`)
    assert.equal(await say('HTTP/1.1 20 OK\r\n\r\n'), `${broken} malformed HTTP status code "20"`)
    assert.equal(await say('HTTP/1.1 200 OK\r\nhm\r\n\r\n'), `${broken} malformed MIME header: missing colon: "hm"`)
    assert.equal(await say('HTTP/1.1 200 OK\r\nA: b'), `${broken} unexpected EOF`)
    assert.equal(await say(''), 'EOF')
  })

  it('errs, which counts for nothing, when a body breaks off', async t => {
    const { port } = await rawServer(t, () => 'HTTP/1.1 500 x\r\nContent-Length: 5\r\n\r\nabc')
    assert.deepEqual(await probe({ port, path: '/' }), { result: 'failure', errored: true, output: 'unexpected EOF' })
  })

  it('fails when nobody listens, or answers in time', async t => {
    const closed = await closedPort()
    const refused = `dial tcp ${loopback}:${closed}: connect: connection refused`
    assert.deepEqual(
      await probe({ port: closed, path: '/x y' }),
      failure(`Get "http://${loopback}:${closed}/x%20y": ${refused}`),
    )
    const { port } = await rawServer(t, (request, socket) => {
      if (request.startsWith('GET /half')) socket.write('HTTP/1.1 200 OK\r\n\r\nhal')
      return undefined
    })
    const late = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
    assert.deepEqual(await probe({ port, path: '/' }, 50), failure(`Get "http://${loopback}:${port}/": ${late}`))
    assert.deepEqual(await probe({ port, path: '/half' }, 200), {
      result: 'failure',
      errored: true,
      output: 'context deadline exceeded (Client.Timeout or context cancellation while reading body)',
    })
  })

  it('is reset', async t => {
    const { port } = await rawServer(t, (_, socket) => {
      socket.resetAndDestroy()
      return undefined
    })
    const { output } = await probe({ port, path: '/' })
    const from = `read tcp 127\\.0\\.0\\.1:\\d+->127\\.0\\.0\\.1:${port}`
    assert.match(output, new RegExp(`: ${from}: read: connection reset by peer$`))
  })

  it('knows no other schemes, nor names nobody has', async t => {
    const { port } = await rawServer(t, () => `HTTP/1.1 302 x\r\nLocation: ftp://${loopback}/\r\n\r\n`)
    const { output } = await probe({ port, path: '/' })
    assert.equal(output, `Get "ftp://${loopback}/": unsupported protocol scheme "ftp"`)
    const nowhere = await probe({ port: 80, path: '/', host: 'nowhere.invalid' })
    assert.match(nowhere.output, /^Get "http:\/\/nowhere.invalid:80\/": dial tcp: lookup nowhere.invalid: /)
  })
})

describe('an HTTPS probe', () => {
  it('believes any certificate', async t => {
    const port = await listen(
      t,
      https.createServer(await certificate(), (_, response) => response.end('hello')),
    )
    assert.deepEqual(await probe({ scheme: 'HTTPS', port, path: '/' }), success('hello'))
  })

  it('names a server that speaks something else', async t => {
    const http = await rawServer(t, () => undefined)
    const url = (port: number) => `Get "https://${loopback}:${port}/"`
    const plain = await talker(t, 'HTTP/1.1 400 Bad Request\r\n\r\n')
    assert.deepEqual(
      await probe({ scheme: 'HTTPS', port: plain, path: '/' }),
      failure(`${url(plain)}: http: server gave HTTP response to HTTPS client`),
    )
    const other = await talker(t, '220 mail.example ESMTP\r\n')
    assert.deepEqual(
      await probe({ scheme: 'HTTPS', port: other, path: '/' }),
      failure(`${url(other)}: tls: first record does not look like a TLS handshake`),
    )
    const silent = await talker(t, '')
    assert.deepEqual(await probe({ scheme: 'HTTPS', port: silent, path: '/' }), failure(`${url(silent)}: EOF`))
    const late = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
    assert.deepEqual(
      await probe({ scheme: 'HTTPS', port: http.port, path: '/' }, 50),
      failure(`${url(http.port)}: ${late}`),
    )
  })

  it('passes on why the server wants no such client', async t => {
    const nothingInCommon = { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' } as const
    const port = await listen(t, https.createServer({ ...(await certificate()), ...nothingInCommon }))
    assert.deepEqual(
      await probe({ scheme: 'HTTPS', port, path: '/' }),
      failure(`Get "https://${loopback}:${port}/": remote error: tls: handshake failure`),
    )
  })
})

/** Says its words to whoever has said something, and hangs up. */
function talker(t: TestContext, words: string): Promise<number> {
  const server = net.createServer(socket => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end(words))
  })
  return listen(t, server)
}
