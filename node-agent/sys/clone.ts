// Forking a Node process by raw clone(2).
//
// The child is a copy of the calling thread alone. It may use synchronous code only and must end in execve(2) or
// _exit(2): its event loop shares epoll and signal descriptors with the parent. V8 marks its heap MADV_DONTFORK, so the
// mark is taken off in the instant before the clone; memory that V8 maps between the two (it may, rarely) is missing in
// the child, which then dies of SIGSEGV: `hasExecuted` tells such a death from one of the program's own.
// Run with --single-threaded --v8-pool-size=0, so no other thread can hold an allocator's lock at that moment.
import { readFileSync } from 'node:fs'
import { type Namespace, namespaceFlags } from './namespaces.ts'
import { syscallOn, trySyscall } from './syscall.ts'

const SIGCHLD = 17
const MADV_DOFORK = 11
const EINVAL = 22

interface Mapping {
  readonly start: bigint
  readonly end: bigint
  readonly name: string
}

/** proc_pid_maps(5): "start-end perms offset dev inode path". */
function mappings(): Mapping[] {
  const lines = readFileSync('/proc/self/maps', 'latin1').trimEnd().split('\n')
  return lines.map(line => {
    const [range = '', , , , , name = ''] = line.split(/ +/)
    const [start, end] = range.split('-')
    return { start: BigInt(`0x${start ?? 0}`), end: BigInt(`0x${end ?? 0}`), name }
  })
}

/** The kernel's own pages, which madvise(2) refuses. They lie above all that a program maps. */
const isKernelPage = (mapping: Mapping): boolean => /^\[v(var|dso|syscall)/.test(mapping.name)

let span: { readonly start: bigint; readonly length: bigint } | undefined

function programSpan(): { readonly start: bigint; readonly length: bigint } {
  const all = mappings()
  const start = all[0]?.start ?? 0n
  const end = all.find(isKernelPage)?.start ?? all.at(-1)?.end ?? start
  return { start, length: end - start }
}

/**
 * Lets a fork copy the whole heap: one madvise(2) over everything mapped (ENOMEM says that there are holes, which is
 * fine). Where some special mapping stops it, each is done by itself.
 */
function makeHeapForkable(): void {
  span ??= programSpan()
  if (trySyscall('madvise', span.start, span.length, MADV_DOFORK) !== -EINVAL) return
  for (const { start, end } of mappings()) trySyscall('madvise', start, end - start, MADV_DOFORK)
}

/** clone(2) without shared memory. 0 in the child, else the child's number. */
export function forkRaw(namespaces: readonly Namespace[]): number {
  const flags = namespaceFlags(namespaces) | SIGCHLD
  makeHeapForkable()
  return syscallOn('clone', namespaces.join('+'), flags, 0, 0, 0, 0)
}
