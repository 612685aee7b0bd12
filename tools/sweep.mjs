// What a killed test run has left behind: processes, mounts, links, packet filter tables, cgroups and files. Everything a
// test makes bears the number of the process that makes it; what belongs to a process that is there is left alone.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const prefix = 'tessera-test-'

/** A run's folder for temporary files. @param {number} pid */
export const temporaryFolder = pid => path.join(tmpdir(), `${prefix}${pid}`)

export function sweep() {
  const runs = named(tmpdir(), new RegExp(`^${prefix}(\\d+)$`))
  const made = [...runs.flatMap(run => named(run, ofProcess)), ...named('/run', /^tessera-cri-(\d+)-/)]
  for (const folder of [...runs, ...made]) endProcessesOf(folder)
  for (const folder of [...made, ...runs]) {
    unmountBelow(folder)
    removeFolder(folder)
  }
  if (process.getuid?.() !== 0) return
  // A network's name alone would not do: a cluster of somebody's may be called alike.
  for (const instance of new Set(made.flatMap(instancesOf))) {
    said('ip', ['link', 'delete', `${instance}0`])
    said('nft', ['delete', 'table', 'ip', instance])
    for (const hierarchy of hierarchies()) {
      // A client's beside the runtime's own.
      for (const name of [`tessera-${instance}`, `tessera-${instance}-client`]) removeCgroup(path.join(hierarchy, name))
    }
  }
  for (const cgroup of hierarchies().flatMap(hierarchy => named(hierarchy, new RegExp(`^${prefix}(\\d+)$`)))) {
    removeCgroup(cgroup)
  }
}

/** However deep it is: Node's own removal ends where paths do. @param {string} folder */
export function removeFolder(folder) {
  execFileSync('rm', ['-rf', folder])
}

/** A test's folder that says whose it is: only those of tests that make networks do. */
const ofProcess = /^tessera-[a-z]+-(\d+)-/

/** What the networks and cgroups are called that go with such a folder. @param {string} folder */
function instancesOf(folder) {
  const pid = Number(ofProcess.exec(path.basename(folder))?.[1]).toString(36)
  return ['t', 'ts', 'tp'].map(letters => `${letters}${pid}`)
}

/**
 * Entries whose name holds the number of a process that is gone.
 * @param {string} folder
 * @param {RegExp} pattern
 */
function named(folder, pattern) {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter(name => {
      const pid = Number(pattern.exec(name)?.[1])
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

/** Containers that their launcher has not outlived are in it. @param {string} cgroup */
function removeCgroup(cgroup) {
  if (!existsSync(cgroup)) return
  for (const entry of readdirSync(cgroup, { withFileTypes: true })) {
    if (entry.isDirectory()) removeCgroup(path.join(cgroup, entry.name))
  }
  const deadline = Date.now() + 2_000
  for (;;) {
    try {
      for (const pid of readFileSync(path.join(cgroup, 'cgroup.procs'), 'utf8').split('\n').map(Number)) {
        if (pid > 1) process.kill(pid, 'SIGKILL')
      }
      rmdirSync(cgroup)
      return
    } catch {
      // Gone, or its processes are about to be.
      if (!existsSync(cgroup) || Date.now() > deadline) return
    }
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
