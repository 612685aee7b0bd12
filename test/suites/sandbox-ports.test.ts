// Ports of the host that lead to pods, with real sockets: at the host's addresses and at its 127.0.0.1; and that its
// loopback stays its own for all that.
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { openSandboxes } from '../../node-agent/runtime/sandbox/open.ts'
import { type PortMapping, type SandboxState } from '../../node-agent/runtime/sandbox/sandbox.ts'

const instance = `tp${process.pid.toString(36)}`
const prefix = `10.${60 + (process.pid % 60)}.${Math.floor(process.pid / 60) % 256}`
const gateway = `${prefix}.1`
const containerPort = 8080
const firstPort = 31_000 + (process.pid % 8000)

/** Answers every TCP connection and UDP datagram with the address it came from. */
const server = `
  require('net').createServer(s => { s.on('error', () => {}); s.end(s.remoteAddress) }).listen(${containerPort}, '0.0.0.0', () => {
    const udp = require('dgram').createSocket('udp4')
    udp.on('message', (_, from) => udp.send(from.address, from.port, from.address))
    udp.bind(${containerPort}, () => console.log('ready'))
  })`

/** What a TCP server says; the error's code, or `silence`, when it says nothing. */
const ask = `(host, port) => new Promise(resolve => {
  const socket = require('net').connect({ host, port })
  let said = ''
  socket.on('data', data => { said += data })
  socket.on('end', () => resolve(said))
  socket.on('error', error => resolve(error.code))
  setTimeout(() => { socket.destroy(); resolve('silence') }, 1000).unref()
})`

function tcp(host: string, port: number): Promise<string> {
  return new Promise(resolve => {
    const socket = net.connect({ host, port })
    let said = ''
    socket.on('data', data => {
      said += data.toString()
    })
    socket.on('end', () => resolve(said))
    socket.on('error', error => resolve('code' in error ? String(error.code) : error.message))
    socket.setTimeout(3000, () => {
      socket.destroy()
      resolve('silence')
    })
  })
}

async function udp(host: string, port: number): Promise<string> {
  const socket = createSocket('udp4')
  try {
    const answer = once(socket, 'message', { signal: AbortSignal.timeout(3000) })
    socket.send('who am I?', port, host)
    const [data] = (await answer) as [Buffer]
    return data.toString()
  } finally {
    socket.close()
  }
}

describe('ports of the host', () => {
  let folder = ''
  let sandboxes: ReturnType<typeof openSandboxes>
  const children: ChildProcess[] = []
  const pods: string[] = []

  before(() => {
    assert.equal(process.getuid?.(), 0, 'sandboxes need root')
    folder = mkdtempSync(path.join(tmpdir(), `tessera-ports-${process.pid}-`))
    sandboxes = openSandboxes({ instance, runDir: path.join(folder, 'ns'), stateDir: path.join(folder, 'state') })
    sandboxes.configureNetwork(`${prefix}.0/24`)
  })
  after(async () => {
    for (const child of children) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    }
    sandboxes.tearDown()
    rmSync(folder, { recursive: true })
  })

  const make = (id: string, portMappings: PortMapping[] = []): SandboxState => {
    pods.push(id)
    return sandboxes.create({ id, hostname: id, network: 'pod', ipc: 'node', portMappings })
  }
  const inside = ({ namespaces }: SandboxState, ...command: string[]): string =>
    execFileSync('nsenter', [`--net=${namespaces.network ?? ''}`, ...command], { encoding: 'utf8' })
  const run = async (command: string, args: readonly string[]): Promise<ChildProcess> => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(child)
    await once(child.stdout, 'data')
    return child
  }
  const onHost = (command: string, args: readonly string[]): string => execFileSync(command, args, { encoding: 'utf8' })
  /** A pod that answers, behind ports of the host. */
  const serve = async (id: string, mappings: readonly Omit<PortMapping, 'containerPort'>[]): Promise<SandboxState> => {
    const state = make(
      id,
      mappings.map(mapping => ({ ...mapping, containerPort })),
    )
    await run('nsenter', [`--net=${state.namespaces.network ?? ''}`, process.execPath, '-e', server])
    return state
  }
  /** Sends what is for 127.0.0.0/8 out by its interface, as no honest pod does. */
  const aim = (enter: (...command: string[]) => string, device: string, via: string): void => {
    enter('sh', '-c', `for f in all ${device}; do echo 1 > /proc/sys/net/ipv4/conf/$f/route_localnet; done`)
    enter('ip', 'link', 'set', 'lo', 'up')
    enter('ip', 'address', 'del', '127.0.0.1/8', 'dev', 'lo')
    enter('ip', 'route', 'add', '127.0.0.0/8', 'via', via, 'dev', device)
  }
  const askFrom = (enter: (...command: string[]) => string, host: string, port: number): string =>
    enter(process.execPath, '-e', `(${ask})('${host}', ${port}).then(said => process.stdout.write(said))`)

  it('answer at 127.0.0.1, at the host’s other addresses and to pods', async () => {
    const mappings = (['tcp', 'udp'] as const).map(protocol => ({ protocol, hostPort: firstPort }))
    const state = await serve('web', mappings)
    assert.equal(await tcp('127.0.0.1', firstPort), gateway, 'the pod sees its gateway, to which it can answer')
    assert.equal(await tcp('127.0.0.53', firstPort), gateway)
    assert.equal(await tcp(gateway, firstPort), gateway)
    assert.equal(await udp('127.0.0.1', firstPort), gateway)
    const client = make('client')
    const enter = (...command: string[]): string => inside(client, ...command)
    assert.equal(askFrom(enter, gateway, firstPort), gateway)
    assert.equal(askFrom(enter, state.addresses[0] ?? '', containerPort), client.addresses[0])
    sandboxes.remove('web')
    assert.equal(await tcp('127.0.0.1', firstPort), 'ECONNREFUSED')
  })

  it('of the address 127.0.0.1 answer there only', async () => {
    const port = firstPort + 1
    await serve('local', [{ protocol: 'tcp', hostPort: port, hostIp: '127.0.0.1' }])
    assert.equal(await tcp('127.0.0.1', port), gateway)
    assert.equal(await tcp(gateway, port), 'ECONNREFUSED')
    const [honest, forging] = [make('honest'), make('forging')]
    assert.equal(
      askFrom((...command) => inside(honest, ...command), gateway, port),
      'ECONNREFUSED',
    )
    const enter = (...command: string[]): string => inside(forging, ...command)
    aim(enter, 'eth0', gateway)
    assert.equal(askFrom(enter, '127.0.0.1', port), 'silence')
  })

  it('of the address 127.0.0.1 are out of a neighbour’s reach too', async () => {
    const port = firstPort + 2
    await serve('near', [
      { protocol: 'tcp', hostPort: port, hostIp: '127.0.0.1' },
      { protocol: 'tcp', hostPort: port + 1 },
    ])
    const neighbour = await run('unshare', ['--net', 'sh', '-c', 'echo ready; exec sleep 100'])
    const pid = String(neighbour.pid)
    const enter = (...command: string[]): string =>
      execFileSync('nsenter', ['--target', pid, '--net', ...command], { encoding: 'utf8' })
    const link = `${instance}n`
    onHost('ip', ['link', 'add', link, 'type', 'veth', 'peer', 'name', 'wire', 'netns', pid])
    try {
      const [here, there] = [`169.254.${process.pid % 250}.1`, `169.254.${process.pid % 250}.2`]
      onHost('ip', ['address', 'add', `${here}/30`, 'dev', link])
      onHost('ip', ['link', 'set', link, 'up'])
      enter('ip', 'address', 'add', `${there}/30`, 'dev', 'wire')
      enter('ip', 'link', 'set', 'wire', 'up')
      assert.equal(askFrom(enter, here, port + 1), there, 'ports of every address are for neighbours')
      assert.equal(askFrom(enter, here, port), 'ECONNREFUSED')
      aim(enter, 'wire', here)
      assert.equal(askFrom(enter, '127.0.0.1', port), 'silence')
    } finally {
      onHost('ip', ['link', 'del', link])
    }
  })

  it('do not open the host’s loopback to pods (CVE-2020-8558)', async () => {
    const listener = net.createServer(socket => socket.end('secret'))
    await new Promise<void>(resolve => listener.listen(0, '127.0.0.1', resolve))
    const datagrams = createSocket('udp4')
    const heard: string[] = []
    datagrams.on('message', (_data, from) => heard.push(from.address))
    await new Promise<void>(resolve => datagrams.bind(0, '0.0.0.0', resolve))
    try {
      const { port } = listener.address() as AddressInfo
      assert.equal(await tcp('127.0.0.1', port), 'secret')
      const pod = make('intruder')
      const enter = (...command: string[]): string => inside(pod, ...command)
      aim(enter, 'eth0', gateway)
      const run = (): Promise<string> =>
        new Promise(resolve => {
          const script = `(${ask})('127.0.0.1', ${port}).then(said => process.stdout.write(said))`
          const child = spawn('nsenter', [`--net=${pod.namespaces.network ?? ''}`, process.execPath, '-e', script])
          children.push(child)
          let said = ''
          child.stdout.on('data', (data: Buffer) => {
            said += data.toString()
          })
          child.on('close', () => resolve(said))
        })
      assert.equal(await run(), 'silence')
      // Nor may a pod pass for somebody on the loopback.
      enter('ip', 'address', 'add', '127.0.0.9/32', 'dev', 'eth0')
      const send = (from: string): string =>
        `new Promise(r => { const s = require('dgram').createSocket('udp4'); s.bind(0, '${from}', () => s.send('x', ${datagrams.address().port}, '${gateway}', () => { s.close(); r() })) })`
      const [own = ''] = pod.addresses
      enter(process.execPath, '-e', `${send('127.0.0.9')}.then(() => ${send(own)})`)
      for (let tries = 0; heard.length === 0 && tries < 300; tries++) await new Promise(done => setTimeout(done, 10))
      assert.deepEqual(heard, [own])
    } finally {
      listener.close()
      datagrams.close()
    }
  })

  it('let the kernel route loopback addresses on the bridge only', () => {
    const setting = (name: string): string =>
      readFileSync(`/proc/sys/net/ipv4/conf/${name}/route_localnet`, 'latin1').trim()
    assert.equal(setting(`${instance}0`), '1')
    assert.equal(setting('lo'), '0')
    for (const id of pods) sandboxes.remove(id)
  })
})
