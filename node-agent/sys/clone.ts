// Forking a Node process by raw clone(2).
//
// The child is a copy of the calling thread alone. It may use synchronous code only and must end in execve(2) or
// _exit(2): its event loop shares epoll and signal descriptors with the parent. V8 marks its heap MADV_DONTFORK, so a
// child would die at its first instruction in the interpreter unless `makeHeapForkable` undid that before. Run with
// --single-threaded --v8-pool-size=0, so no other thread can hold an allocator's lock at the moment of the fork.
import { closeSync, openSync, readSync } from 'node:fs'
import { type Namespace, namespaceFlags } from './namespaces.ts'
import { syscallOn, trySyscall } from './syscall.ts'

const SIGCHLD = 17
const MADV_DOFORK = 11

/** clone(2) without shared memory. 0 in the child, else the child's number. */
export function forkRaw(namespaces: readonly Namespace[]): number {
  return syscallOn('clone', namespaces.join('+'), namespaceFlags(namespaces) | SIGCHLD, 0, 0, 0, 0)
}

let maps = Buffer.allocUnsafeSlow(256 * 1024)

function readMaps(): Buffer {
  const fd = openSync('/proc/self/maps', 'r')
  try {
    let length = 0
    for (;;) {
      const count = readSync(fd, maps, length, maps.length - length, null)
      if (count === 0) return maps.subarray(0, length)
      length += count
      if (length === maps.length) maps = Buffer.concat([maps], maps.length * 2)
    }
  } finally {
    closeSync(fd)
  }
}

/**
 * Undoes MADV_DONTFORK on every anonymous private mapping (a no-op where it isn't set). Call it ahead of a fork:
 * mappings that V8 adds later are missing in the child, which then dies of SIGSEGV before it has done anything.
 * Answers the number of ranges.
 */
export function makeHeapForkable(): number {
  let ranges = 0
  // proc_pid_maps(5): "start-end perms offset dev inode path"; an inode of 0 is anonymous memory.
  for (const line of readMaps().toString('latin1').split('\n')) {
    const match = /^([0-9a-f]+)-([0-9a-f]+) ...p [0-9a-f]+ 00:00 0 *(.*)$/.exec(line)
    const [, start, end, name] = match ?? []
    if (start === undefined || end === undefined || (name !== '' && name !== '[heap]' && !name?.startsWith('[anon')))
      continue
    const from = BigInt(`0x${start}`)
    trySyscall('madvise', from, BigInt(`0x${end}`) - from, MADV_DOFORK)
    ranges++
  }
  return ranges
}
