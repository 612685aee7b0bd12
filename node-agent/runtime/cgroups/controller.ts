// A controller turns limits into writes to the files of one cgroup; it touches nothing itself.
import { type CgroupLimits } from './cgroups.ts'
import { type CgroupWrite } from './files.ts'

export interface Controller {
  readonly name: string
  writes(limits: CgroupLimits): readonly CgroupWrite[]
}

/** What the kernel calls no limit. */
export const unlimitedOr = (value: number): string => (value < 0 ? 'max' : String(value))
