// Volumes that share their mounts with the host (Bidirectional). Whatever is mounted in a mount of a peer group appears in
// all of the group (mount_namespaces(7)), and stays there: what a start itself mounts inside such a volume, another volume
// or the pod's /dev/shm, would be left on the host by every container that ever ran. So these volumes are put in place
// private, and join the host's peer groups when the container's own mounts are made.
import { fstatSync, readFileSync, readlinkSync } from 'node:fs'
import { closeFd, O_PATH, openPath } from '../../../sys/fd.ts'
import { cloneTree, joinPeerGroup } from '../../../sys/mount.ts'
import { tryOpenInRoot } from '../../../sys/rooted.ts'

/** A part of the host's file tree, and the mounts in it. */
export interface Peers {
  readonly source: string
  /** Its own copy of them, detached, in the groups of the host's. */
  readonly tree: number
  /** Where mounts are in it, as paths from its top. */
  readonly places: readonly string[]
}

/** Must be called where the host's mounts are to be seen. The caller closes the tree. */
export function findPeers(source: string): Peers {
  const fd = openPath(source, O_PATH)
  try {
    const path = readlinkSync(`/proc/self/fd/${fd}`)
    const tree = cloneTree(source, { recursive: true })
    return { source, tree, places: placesBelow(path, readFileSync('/proc/self/mountinfo', 'utf8')) }
  } finally {
    closeFd(fd)
  }
}

/** Pure. @param mountinfo proc_pid_mountinfo(5) */
export function placesBelow(path: string, mountinfo: string): string[] {
  const top = path === '/' ? '' : path
  const points = mountinfo.split('\n').map(line => unescape(line.split(' ')[4] ?? ''))
  const inside = points.filter(point => point.startsWith(`${top}/`) && point !== '/')
  return ['', ...new Set(inside.map(point => point.slice(top.length)))]
}

/** mountinfo writes blanks, line ends and backslashes as octal numbers. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}

/**
 * Makes the mounts of a volume, which are private, the peers of the host's. Those of the host's that are private themselves
 * have none.
 * @param target where the volume is in the container
 * @param attached where the container has mounts
 */
export function joinPeers(volume: number, target: string, peers: Peers, attached: readonly string[]): void {
  const own = attached.filter(other => other.startsWith(`${target}/`))
  for (const place of peers.places) {
    const path = `${target}${place}`
    // Another volume is in this place, or above it.
    if (own.some(other => path === other || path.startsWith(`${other}/`))) continue
    joinPeer(volume, peers.tree, place)
  }
}

function joinPeer(volume: number, peers: number, place: string): void {
  const [peer, mount] = place === '' ? [peers, volume] : [tryOpenInRoot(peers, place), tryOpenInRoot(volume, place)]
  if (peer !== undefined && mount !== undefined && isSame(peer, mount)) joinPeerGroup(peer, mount)
  if (place === '') return
  for (const fd of [peer, mount]) if (fd !== undefined) closeFd(fd)
}

function isSame(left: number, right: number): boolean {
  const [a, b] = [fstatSync(left), fstatSync(right)]
  return a.dev === b.dev && a.ino === b.ino
}
