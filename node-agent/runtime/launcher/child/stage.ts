// Where a container's file systems are put together: a mount namespace that holds nothing of the host, only an empty
// read-only floor. Making it waits for the kernel to let go of the copies of the host's mounts (some milliseconds, the
// longer the more there are), so a child that waits for its plan has it ready, and enters it when it needs nothing more
// of the host's files.
import { closeFd, O_DIRECTORY, O_PATH, O_RDONLY, openPath } from '../../../sys/fd.ts'
import {
  attachMount,
  attachMountAt,
  createFileSystem,
  keepOnly,
  setMountAttributes,
  setTreePropagation,
} from '../../../sys/mount.ts'
import { joinNamespace, unshare } from '../../../sys/namespaces.ts'
import { changeRoot, makeDirectoryAt, openInRoot } from '../../../sys/rooted.ts'

const rootName = 'root'

/** A directory that every host has, to be a mount point for a moment and for nobody else. */
export const somewhere = '/proc'

/** Does something in a copy of the host's mount namespace, out of its sight, and comes back. */
export function apart<T>(action: () => T): T {
  const namespace = openPath('/proc/self/ns/mnt', O_RDONLY)
  const root = openPath('/', O_PATH | O_DIRECTORY)
  try {
    unshare(['mnt'])
    setTreePropagation('/', 'private')
    return action()
  } finally {
    joinNamespace(namespace, 'mnt', "back into the host's mount namespace")
    changeRoot(root, "the host's root")
    closeFd(namespace)
    closeFd(root)
  }
}

export class Stage {
  readonly #namespace: number
  readonly #floor: number

  /** Makes it; the caller stays where it is. */
  constructor() {
    const [namespace, floor] = apart(() => {
      const own = openPath('/proc/self/ns/mnt', O_RDONLY)
      const empty = createFileSystem('tmpfs', 'tmpfs', { mode: '555', size: '4096' }, {})
      makeDirectoryAt(empty, rootName, 0o555)
      setMountAttributes(empty, { attributes: { readOnly: true } }, 'the floor of the stage')
      attachMountAt(empty, somewhere)
      keepOnly(empty)
      return [own, empty] as const
    })
    this.#namespace = namespace
    this.#floor = floor
  }

  /** Goes there with a detached mount, the container's root: from here on paths mean nothing of the host. */
  enterWith(rootFd: number): void {
    joinNamespace(this.#namespace, 'mnt', 'the stage')
    const target = openInRoot(this.#floor, rootName)
    attachMount(rootFd, target, 'the root')
    closeFd(target)
  }

  /** The root covers the floor and becomes the process's own. Nothing lies below it that could be uncovered. */
  enterRoot(rootFd: number): void {
    attachMount(rootFd, this.#floor, 'the root')
    changeRoot(rootFd, "the container's root")
  }
}
