// What a machine must have before anything of ours can run, and how what is missing gets there.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Refusal } from './progress.mjs'

export const root = path.resolve(import.meta.dirname, '..', '..')

/** Refuses, in one sentence, a machine that can't run containers of ours. */
export function checkMachine() {
  if (process.platform !== 'linux')
    throw new Refusal(`Tessera makes Linux containers, and this is ${process.platform}; run it in a Linux machine.`)
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 11))
    throw new Refusal(`Node ${process.versions.node} is too old; install Node 20.11 or newer.`)
  if (process.getuid?.() !== 0)
    throw new Refusal('Making namespaces, mounts and cgroups needs root; run it again as root, for instance with sudo.')
  for (const namespace of ['net', 'ipc', 'uts', 'pid', 'mnt']) {
    if (!existsSync(`/proc/self/ns/${namespace}`))
      throw new Refusal(`This kernel has no ${namespace} namespaces; boot one built with CONFIG_NAMESPACES.`)
  }
  const filesystems = readFileSync('/proc/filesystems', 'utf8')
  if (!/\boverlay\b/.test(filesystems) && !existsSync(`/lib/modules/${kernelRelease()}/kernel/fs/overlayfs`)) {
    throw new Refusal(
      'This kernel has no overlayfs; load it with `modprobe overlay` or boot a kernel built with CONFIG_OVERLAY_FS.',
    )
  }
  if (!/\bcgroup2?\b/.test(readFileSync('/proc/mounts', 'utf8')))
    throw new Refusal('No cgroup hierarchy is mounted; mount one at /sys/fs/cgroup.')
}

function kernelRelease() {
  return readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim()
}

/**
 * Programs and libraries that come from the distribution: how to see that one is there, and its package by
 * package manager.
 * @type {Record<string, {present: () => boolean, packages: Record<string, string>}>}
 */
const needs = {
  busybox: {
    present: () => isStaticBusybox('/bin/busybox'),
    packages: { 'apt-get': 'busybox-static', dnf: 'busybox' },
  },
  libnftables: { present: () => library('libnftables.so.1'), packages: { 'apt-get': 'libnftables1', dnf: 'nftables' } },
  libzstd: { present: () => library('libzstd.so.1'), packages: { 'apt-get': 'libzstd1', dnf: 'libzstd' } },
  nft: { present: () => onPath('nft'), packages: { 'apt-get': 'nftables', dnf: 'nftables' } },
  etcd: { present: () => onPath('etcd'), packages: { 'apt-get': 'etcd-server', dnf: 'etcd' } },
  redis: { present: () => onPath('redis-server'), packages: { 'apt-get': 'redis-server', dnf: 'redis' } },
  runc: { present: () => onPath('runc'), packages: { 'apt-get': 'runc', dnf: 'runc' } },
  podman: {
    present: () => onPath('podman') && onPath('catatonit'),
    packages: { 'apt-get': 'podman catatonit netavark aardvark-dns iptables', dnf: 'podman catatonit' },
  },
  ip: { present: () => onPath('ip'), packages: { 'apt-get': 'iproute2', dnf: 'iproute' } },
  unzip: { present: () => onPath('unzip'), packages: { 'apt-get': 'unzip', dnf: 'unzip' } },
}

/** @param {string} name */
export function onPath(name) {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin']
  return folders.some(folder => {
    try {
      accessSync(path.join(folder, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** @param {string} file */
function isStaticBusybox(file) {
  // Dynamically linked programs name their interpreter, /lib…/ld-…, in the ELF header's PT_INTERP segment.
  return existsSync(file) && !readFileSync(file).subarray(0, 4096).includes('/ld-')
}

/** @param {string} name */
function library(name) {
  const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64'
  return [`/usr/lib/${machine}-linux-gnu`, `/lib/${machine}-linux-gnu`, '/usr/lib64', '/lib64', '/usr/lib'].some(
    folder => existsSync(path.join(folder, name)),
  )
}

/** @param {string[]} names keys of `needs` @returns {string[]} those that are absent */
export function missing(names) {
  return names.filter(name => !needs[name]?.present())
}

/**
 * Installs what is absent from the distribution's own packages.
 * @param {string[]} names keys of `needs`, absent ones
 * @param {(detail: string) => void} say
 */
export async function installPackages(names, say) {
  const manager = ['apt-get', 'dnf'].find(onPath)
  if (manager === undefined)
    throw new Refusal(`Please install ${names.join(', ')}: this machine has neither apt-get nor dnf.`)
  const packages = names.flatMap(name => (needs[name]?.packages[manager] ?? name).split(' '))
  say(packages.join(' '))
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  if (manager === 'apt-get') {
    // In single-user mode (RUNLEVEL=1, invoke-rc.d(8)) a service that a package brings does not start by itself,
    // least of all a store on its default port.
    const quiet = { ...env, RUNLEVEL: '1' }
    const options = ['-y', '-qq', '--no-install-recommends', '-o', 'Dpkg::Use-Pty=0']
    await quietly('apt-get', ['update', '-qq'], { env: quiet })
    await quietly('apt-get', ['install', ...options, ...packages], { env: quiet })
  } else {
    await quietly('dnf', ['install', '-y', '-q', ...packages], { env })
  }
  const still = missing(names)
  if (still.length > 0) throw new Refusal(`Installed ${packages.join(' ')}, yet ${still.join(', ')} can't be found.`)
}

/** npm packages are installed exactly when they are not those of the lock file. */
export function npmStale() {
  const stamp = path.join(root, 'node_modules', '.tessera-lock')
  return !existsSync(stamp) || readFileSync(stamp, 'utf8') !== lockDigest()
}

function lockDigest() {
  return createHash('sha256')
    .update(readFileSync(path.join(root, 'package-lock.json')))
    .digest('hex')
}

export async function installNpm() {
  // Not `npm ci`: it refuses a lock file that lacks an optional package of some other platform.
  await quietly('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root })
  writeFileSync(path.join(root, 'node_modules', '.tessera-lock'), lockDigest())
}

/**
 * Runs a command; its output is shown only when it fails.
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 */
export function quietly(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout?.on('data', data => (output += data))
    child.stderr?.on('data', data => (output += data))
    child.on('error', error => reject(new Refusal(`${command} can't be run: ${error.message}`)))
    child.on('close', (code, signal) =>
      code === 0
        ? resolve(output)
        : reject(
            new Refusal(
              `\`${command} ${args.join(' ')}\` failed (${signal ?? `exit code ${code}`}):\n${output.trim()}`,
            ),
          ),
    )
  })
}

/** The programs under dist/ are older than a source. */
export async function buildStale() {
  const stamp = path.join(root, 'dist', '.built')
  if (!existsSync(stamp)) return true
  const built = statSync(stamp).mtimeMs
  const { sources } = await import('../../tools/sources.mjs')
  return [...sources('.ts'), ...sources('.mjs'), 'package-lock.json'].some(
    file => statSync(path.join(root, file)).mtimeMs > built,
  )
}

export async function buildPrograms() {
  const { buildPrograms: build } = await import('../../tools/build.mjs')
  await build()
  writeFileSync(path.join(root, 'dist', '.built'), '')
}
