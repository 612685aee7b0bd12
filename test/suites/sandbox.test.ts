// Sandboxes on the real kernel: namespaces, addresses, the way to each other and to the host, and no trace afterwards.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { openSandboxes } from '../../node-agent/runtime/sandbox/open.ts'
import { type SandboxState } from '../../node-agent/runtime/sandbox/sandbox.ts'

const instance = `ts${process.pid.toString(36)}`
const podCidr = `10.${60 + (process.pid % 60)}.${Math.floor(process.pid / 60) % 256}.0/24`

/** Runs a command in a sandbox's network, IPC and UTS namespaces. */
function inside({ namespaces }: SandboxState, ...command: string[]): string {
  const { network, ipc, uts } = namespaces
  const flags = [network && `--net=${network}`, ipc && `--ipc=${ipc}`, uts && `--uts=${uts}`].filter(
    flag => flag !== undefined,
  )
  return execFileSync('nsenter', [...flags, ...command], { encoding: 'utf8' })
}

describe('sandboxes', () => {
  let folder = ''
  let sandboxes: ReturnType<typeof openSandboxes>
  const open = () => openSandboxes({ instance, runDir: path.join(folder, 'ns'), stateDir: path.join(folder, 'state') })
  before(() => {
    assert.equal(process.getuid?.(), 0, 'sandboxes need root')
    folder = mkdtempSync(path.join(tmpdir(), `tessera-sandbox-${process.pid}-`))
    sandboxes = open()
    sandboxes.configureNetwork(podCidr)
  })
  after(() => {
    sandboxes.tearDown()
    rmSync(folder, { recursive: true })
  })

  const make = (id: string, extra = {}) =>
    sandboxes.create({ id, hostname: `host-${id}`, network: 'pod', ipc: 'pod', ...extra })

  it('has its own name, interfaces, addresses and queues, and no process', () => {
    const before = ['net', 'ipc', 'uts'].map(name => statSync(`/proc/self/ns/${name}`).ino)
    const state = make('a', { sysctls: { 'net.ipv4.ip_unprivileged_port_start': '0', 'kernel.shm_rmid_forced': '1' } })
    assert.deepEqual(
      ['net', 'ipc', 'uts'].map(name => statSync(`/proc/self/ns/${name}`).ino),
      before,
      'the thread is back',
    )
    assert.equal(inside(state, 'hostname').trim(), 'host-a')
    const [address] = state.addresses
    assert.ok(address?.startsWith(podCidr.replace(/0\/24$/, '')))
    assert.match(inside(state, 'ip', '-4', '-o', 'address'), new RegExp(`eth0 +inet ${address}/24`))
    assert.match(inside(state, 'ip', 'route'), /^default via 10\.\d+\.\d+\.1 dev eth0/)
    assert.match(inside(state, 'ip', '-o', 'link', 'show', 'lo'), /UP/)
    assert.equal(inside(state, 'cat', '/proc/sys/net/ipv4/ip_unprivileged_port_start').trim(), '0')
    assert.equal(inside(state, 'cat', '/proc/sys/kernel/shm_rmid_forced').trim(), '1')
    assert.match(readFileSync('/proc/mounts', 'utf8'), new RegExp(`shm ${state.shmPath} tmpfs .*size=65536k`))
    sandboxes.remove('a')
  })

  it('reaches other sandboxes and is reached by the host', () => {
    const [a, b] = [make('b1'), make('b2')]
    assert.notEqual(a.addresses[0], b.addresses[0])
    assert.match(inside(a, 'busybox', 'ping', '-c1', '-W2', b.addresses[0] ?? ''), /1 packets received/)
    assert.match(
      execFileSync('busybox', ['ping', '-c1', '-W2', a.addresses[0] ?? ''], { encoding: 'utf8' }),
      /1 packets received/,
    )
    assert.ok((sandboxes.networkStats(a)?.txBytes ?? 0) > 0)
    for (const id of ['b1', 'b2']) sandboxes.remove(id)
    for (const id of ['b1', 'b2']) sandboxes.remove(id)
  })

  it('maps ports of the host', () => {
    const state = make('ports', { portMappings: [{ protocol: 'tcp', hostPort: 39_991, containerPort: 80 }] })
    const table = (): string => execFileSync('nft', ['list', 'table', 'ip', instance], { encoding: 'utf8' })
    assert.match(table(), new RegExp(`tcp \\. 39991 : ${state.addresses[0]} \\. 80`))
    assert.match(table(), /masquerade/)
    sandboxes.remove('ports')
    assert.doesNotMatch(table(), /39991/)
  })

  it("uses the host's namespaces when asked to", () => {
    const state = make('node', { network: 'node', ipc: 'node' })
    assert.deepEqual(state, { id: 'node', namespaces: {}, addresses: [] })
    sandboxes.remove('node')
  })

  it('leaves nothing of one that failed, and says why', () => {
    const before = readdirSync(path.join(folder, 'state', 'addresses')).length
    assert.throws(() => make('bad', { sysctls: { 'kernel.hostname': 'x' } }), {
      code: 'invalid',
      message: /"kernel\.hostname": it is the whole machine's/,
    })
    assert.throws(() => make('bad', { sysctls: { 'net.no.such': '1' } }), {
      code: 'invalid',
      message: /"net\.no\.such": this kernel has no such parameter/,
    })
    assert.throws(() => make('bad', { sysctls: { 'net.ipv4.ip_unprivileged_port_start': 'x' } }), {
      code: 'invalid',
      message: /the kernel does not take "x": EINVAL/,
    })
    assert.equal(existsSync(path.join(folder, 'ns', 'bad')), false)
    assert.equal(readdirSync(path.join(folder, 'state', 'addresses')).length, before)
  })

  it('sweeps what no record owns, after a restart', () => {
    const kept = make('kept')
    make('lost')
    const again = open()
    again.configureNetwork(podCidr)
    assert.deepEqual(again.sweep(new Set(['kept'])), ['lost'])
    assert.match(inside(kept, 'ip', '-4', '-o', 'address'), /eth0/)
    sandboxes.remove('kept')
  })

  it('makes and removes many without a trace', () => {
    const ids = Array.from({ length: 50 }, (_, index) => `many${index}`)
    const states = ids.map(id => make(id))
    assert.equal(new Set(states.flatMap(({ addresses }) => addresses)).size, 50)
    for (const id of ids) sandboxes.remove(id)
    assert.deepEqual(readdirSync(path.join(folder, 'ns')), [])
    assert.doesNotMatch(readFileSync('/proc/mounts', 'utf8'), new RegExp(folder))
  })
})
