// Installs a compiled filter on the calling thread.
import { address, syscallOn } from './syscall.ts'

const SECCOMP_SET_MODE_FILTER = 1
const instructionBytes = 8

/**
 * seccomp(2). Needs no_new_privs or CAP_SYS_ADMIN.
 * @param program struct sock_filter instructions
 */
export function installSeccompFilter(program: Uint8Array): void {
  // struct sock_fprog: u16 length, padding, pointer
  const fprog = Buffer.alloc(16)
  fprog.writeUInt16LE(program.length / instructionBytes, 0)
  fprog.writeBigUInt64LE(address(program), 8)
  syscallOn('seccomp', `filter of ${program.length / instructionBytes} instructions`, SECCOMP_SET_MODE_FILTER, 0, fprog)
}
