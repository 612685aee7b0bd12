// Device nodes of the machine, to be made in containers too.
import { lstatSync, readdirSync, realpathSync, type Stats } from 'node:fs'
import path from 'node:path'
import { hasCode } from '../../sys/errno.ts'
import type { DeviceNode } from './plan.ts'

/** What lies below /dev and is no device of the machine, but a file system or a terminal that each container has. */
const ownOfContainers: ReadonlySet<string> = new Set([
  '/dev/console',
  '/dev/fd',
  '/dev/mqueue',
  '/dev/ptmx',
  '/dev/pts',
  '/dev/shm',
])

/** The node at a path, a symbolic link to one included, or those below it when it is a directory. */
export function devicesAt(hostPath: string): DeviceNode[] {
  let place: string
  try {
    place = realpathSync(hostPath)
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return []
    throw error
  }
  const moved = (node: DeviceNode): DeviceNode => ({
    ...node,
    path: path.join(hostPath, path.relative(place, node.path)),
  })
  return nodesBelow(place).map(moved)
}

/** Every device of the machine, as a privileged container has them. */
export function allDevices(): DeviceNode[] {
  return nodesBelow('/dev')
}

/** Links inside are left out: they are other names of what is found. */
function nodesBelow(place: string): DeviceNode[] {
  let status: Stats
  try {
    status = lstatSync(place)
  } catch (error) {
    // Unplugged in this moment.
    if (hasCode(error, 'ENOENT')) return []
    throw error
  }
  if (ownOfContainers.has(place)) return []
  if (status.isDirectory()) return readdirSync(place).flatMap(name => nodesBelow(path.join(place, name)))
  if (!status.isCharacterDevice() && !status.isBlockDevice()) return []
  // gnu_dev_major(3), gnu_dev_minor(3) of the lower 32 bits, which Linux's own numbers fit.
  const major = (status.rdev >>> 8) & 0xfff
  const minor = (status.rdev & 0xff) | ((status.rdev >>> 12) & 0xfff00)
  const { mode, uid, gid } = status
  return [{ path: place, type: status.isBlockDevice() ? 'block' : 'char', major, minor, mode: mode & 0o777, uid, gid }]
}
