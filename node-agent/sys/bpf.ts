// bpf(2): programs that decide which devices the processes of a cgroup may use.
import { closeSync, openSync } from 'node:fs'
import { address, syscallOn } from './syscall.ts'

const BPF_PROG_LOAD = 5
const BPF_PROG_ATTACH = 8
const BPF_PROG_TYPE_CGROUP_DEVICE = 15
const BPF_CGROUP_DEVICE = 6
/** Programs of ancestors decide too; whoever denies wins. */
const BPF_F_ALLOW_MULTI = 2
const instructionBytes = 8
const attributeBytes = 64

/**
 * Attaches a device program to a cgroup of v2; it lives as long as the cgroup.
 * @param program struct bpf_insn instructions
 */
export function attachDeviceProgram(cgroup: string, program: Uint8Array): void {
  const license = Buffer.from('Apache-2.0\0')
  const load = Buffer.alloc(attributeBytes)
  load.writeUInt32LE(BPF_PROG_TYPE_CGROUP_DEVICE, 0)
  load.writeUInt32LE(program.length / instructionBytes, 4)
  load.writeBigUInt64LE(address(program), 8)
  load.writeBigUInt64LE(address(license), 16)
  const programFd = syscallOn('bpf', `device program of ${cgroup}`, BPF_PROG_LOAD, load, load.length)
  try {
    const folderFd = openSync(cgroup, 'r')
    try {
      const attach = Buffer.alloc(attributeBytes)
      attach.writeUInt32LE(folderFd, 0)
      attach.writeUInt32LE(programFd, 4)
      attach.writeUInt32LE(BPF_CGROUP_DEVICE, 8)
      attach.writeUInt32LE(BPF_F_ALLOW_MULTI, 12)
      syscallOn('bpf', cgroup, BPF_PROG_ATTACH, attach, attach.length)
    } finally {
      closeSync(folderFd)
    }
  } finally {
    closeSync(programFd)
  }
}
