import assert from 'node:assert/strict'
import net from 'node:net'
import { describe, it } from 'node:test'
import { goQuote } from '../../lib/go-quote.ts'
import { CommandTimeout } from './exec.ts'
import { errored, failure, success } from './outcome.ts'
import { containerPort } from './port.ts'
import { makeProbe, type ProbeTarget } from './prober.ts'
import { closedPort, listen, loopback, never, rawServer } from './testing.ts'

const target = (more: Partial<ProbeTarget> = {}): ProbeTarget => ({
  podIp: loopback,
  container: {},
  run: () => Promise.reject(new Error('nothing is run here')),
  ...more,
})

describe('an exec probe', () => {
  const command = ['sh', '-c', 'check']
  const answering = (exitCode: number, stdout: string, stderr = '') =>
    makeProbe(
      { exec: { command } },
      target({ run: () => Promise.resolve({ exitCode, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr) }) }),
      never,
    )

  it('is content with exit code 0; what the command says is told', async () => {
    assert.deepEqual(await answering(0, 'fine\n'), success('fine\n'))
    assert.deepEqual(await answering(3, 'out\n', 'err\n'), failure('out\nerr\n'))
    assert.deepEqual(await answering(1, ''), failure(''))
  })

  it('tells at most 10 KiB', async () => {
    const { output } = await answering(1, 'o'.repeat(10_000), 'e'.repeat(300_000))
    assert.equal(output, 'o'.repeat(10_000) + 'e'.repeat(240))
  })

  it('fails when the command takes too long', async () => {
    const run: ProbeTarget['run'] = (words, timeoutMs = 0) => Promise.reject(new CommandTimeout(words, timeoutMs))
    const outcome = await makeProbe({ exec: { command: ['sleep', '"'] }, timeoutSeconds: 70 }, target({ run }), never)
    assert.deepEqual(outcome, failure('command timed out: "sleep \\"" timed out after 1m10s'))
  })

  it('errs, after three attempts, when the command can’t be run', async () => {
    let runs = 0
    const run = () => Promise.reject(new Error(`rpc error: attempt ${++runs}`))
    const outcome = await makeProbe({ exec: { command } }, target({ run }), never)
    assert.deepEqual(outcome, errored('unknown', 'rpc error: attempt 3'))
  })

  it('knows the container’s own plain variables', async () => {
    const asked: (readonly string[])[] = []
    const run: ProbeTarget['run'] = words => {
      asked.push(words)
      return Promise.resolve({ exitCode: 0, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) })
    }
    const env = [
      { name: 'A', value: 'a' },
      { name: 'F', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ]
    await makeProbe({ exec: { command: ['$(A)-$(F)-$(B)', '$$(A)'] } }, target({ run, container: { env } }), never)
    assert.deepEqual(asked, [['a--$(B)', '$(A)']])
  })
})

describe('a TCP probe', () => {
  it('wants to be let in', async t => {
    const port = await listen(
      t,
      net.createServer(socket => socket.end()),
    )
    assert.deepEqual(await makeProbe({ tcpSocket: { port } }, target(), never), success())
    const closed = await closedPort()
    assert.deepEqual(
      await makeProbe({ tcpSocket: { port: closed } }, target(), never),
      failure(`dial tcp ${loopback}:${closed}: connect: connection refused`),
    )
  })
})

describe('a port', () => {
  it('is a number, a name of the container’s, or a number written as a text', async t => {
    const { port } = await rawServer(t, () => 'HTTP/1.1 200 OK\r\n\r\n')
    const container = { ports: [{ name: 'web', containerPort: port }] }
    assert.deepEqual(await makeProbe({ httpGet: { port: 'web' } }, target({ container }), never), success(''))
    assert.equal(containerPort('8080', {}), 8080)
  })

  it('is looked for in the kubelet’s words', async () => {
    assert.deepEqual(
      await makeProbe({ httpGet: { port: 'none' } }, target(), never),
      errored('unknown', 'strconv.Atoi: parsing "none": invalid syntax'),
    )
    assert.deepEqual(
      await makeProbe({ tcpSocket: { port: '70000' } }, target(), never),
      errored('unknown', 'invalid port number: 70000'),
    )
  })
})

it('quotes as Go does', () => {
  assert.equal(goQuote('a"b\\c\n\t\x00\x7fé☃\u00a0\u200b😀'), '"a\\"b\\\\c\\n\\t\\x00\\x7fé☃\\u00a0\\u200b😀"')
})
