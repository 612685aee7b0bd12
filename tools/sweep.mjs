// What a killed test run has left behind: processes, mounts, links, packet filter tables, cgroups and files. Everything a
// test makes bears the number of the process that makes it; what belongs to a process that is there is left alone.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const prefix = 'tessera-test-'

/** A run's folder for temporary files. @param {number} pid */
export const temporaryFolder = pid => path.join(tmpdir(), `${prefix}${pid}`)

export function sweep() {
  const folders = [...named(tmpdir(), new RegExp(`^${prefix}(\\d+)$`), 10), ...named('/run', /^tessera-cri-(\d+)-/, 10)]
  for (const folder of folders) {
    endProcessesOf(folder)
    unmountBelow(folder)
    rmSync(folder, { recursive: true, force: true })
  }
  if (process.getuid?.() !== 0) return
  for (const instance of networks()) {
    said('ip', ['link', 'delete', `${instance}0`])
    said('nft', ['delete', 'table', 'ip', instance])
  }
  for (const hierarchy of hierarchies()) {
    const left = [
      ...named(hierarchy, /^tessera-test-(\d+)$/, 10),
      ...named(hierarchy, /^tessera-t([0-9a-z]{2,6})$/, 36),
    ]
    for (const cgroup of left) removeEmpty(cgroup)
  }
}

/** Networks of runtimes that tests started: a bridge and a table of one name. Known by the table, which is like no other. */
function networks() {
  const tables = [...said('nft', ['list', 'tables', 'ip']).matchAll(/^table ip (t[bps]?([0-9a-z]{2,6}))$/gm)]
  return tables.flatMap(([, name = '', pid = '']) => {
    const ours = /map hostports\b/.test(said('nft', ['list', 'table', 'ip', name]))
    return ours && !isAlive(Number.parseInt(pid, 36)) ? [name] : []
  })
}

/**
 * Entries whose name holds the number of a process that is gone.
 * @param {string} folder
 * @param {RegExp} pattern
 * @param {number} radix
 */
function named(folder, pattern, radix) {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter(name => {
      const pid = Number.parseInt(pattern.exec(name)?.[1] ?? '', radix)
      return pid > 1 && !isAlive(pid)
    })
    .map(name => path.join(folder, name))
}

/** A zombie is not. @param {number} pid */
function isAlive(pid) {
  try {
    return !/^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** Programs of the run, which its folder is named to: launchers, servers. @param {string} folder */
function endProcessesOf(folder) {
  for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    try {
      const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
      if (args.some(arg => arg.startsWith(`${folder}/`))) process.kill(Number(pid), 'SIGKILL')
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** @param {string} folder */
function unmountBelow(folder) {
  const targets = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map(line => line.split(' ')[1] ?? '')
    .filter(target => target.startsWith(`${folder}/`))
  for (const target of targets.reverse()) said('umount', ['--lazy', target])
}

/** Of cgroup v1 each controller's, of v2 the one. */
function hierarchies() {
  const root = '/sys/fs/cgroup'
  if (existsSync(path.join(root, 'cgroup.controllers'))) return [root]
  return existsSync(root) ? readdirSync(root).map(name => path.join(root, name)) : []
}

/** @param {string} cgroup */
function removeEmpty(cgroup) {
  for (const entry of readdirSync(cgroup, { withFileTypes: true })) {
    if (entry.isDirectory()) removeEmpty(path.join(cgroup, entry.name))
  }
  try {
    rmdirSync(cgroup)
  } catch {
    // Somebody is in it, or about to end: the next run looks again.
  }
}

/**
 * What a command says; nothing where it fails: what it is about is gone, or there is no such command.
 * @param {string} command
 * @param {string[]} args
 */
function said(command, args) {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  } catch {
    return ''
  }
}
