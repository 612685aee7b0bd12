// Session keyrings, keyrings(7): what processes of one session keep keys in, and inherit.
import { SyscallError } from './errno.ts'
import { syscallOn, trySyscall } from './syscall.ts'

const KEYCTL_JOIN_SESSION_KEYRING = 1
const KEYCTL_SETPERM = 5

/**
 * Everything to who possesses it, nothing to its owner (linux/key.h): that is root, as whom other containers run too, and
 * the kernel's usual permissions would let those look into it and link it to their own.
 */
const possessorOnly = 0x3f00_0000

const ENOSYS = 38

/** Leaves the inherited session keyring for a new one. Does nothing where the kernel has no keys. */
export function newSessionKeyring(): void {
  const keyring = trySyscall('keyctl', KEYCTL_JOIN_SESSION_KEYRING, null, 0, 0, 0)
  if (keyring === -ENOSYS) return
  if (keyring < 0) throw new SyscallError('keyctl', -keyring, 'a new session keyring')
  syscallOn('keyctl', 'permissions of the session keyring', KEYCTL_SETPERM, keyring, possessorOnly, 0, 0)
}
