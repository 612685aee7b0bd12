// Which images' programs run here. Images name processors as Go does, or as the kernel does.
// https://github.com/opencontainers/image-spec/blob/main/image-index.md#platform-variants
import { readFileSync } from 'node:fs'
import { ImageError } from './errors.ts'

export interface Platform {
  readonly os: string
  readonly architecture: string
  readonly variant?: string
}

/** A machine: its architecture in Go's words, and the highest variant of it that it has. */
export interface Machine {
  readonly architecture: string
  readonly level: number
}

const aliases: Readonly<Record<string, string>> = {
  x64: 'amd64',
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
  ia32: '386',
  i386: '386',
}

/** What each level of x86-64 adds, in the words of /proc/cpuinfo: the psABI's table of microarchitecture levels. */
const levels = [
  'cx16 lahf_lm popcnt sse4_1 sse4_2 ssse3',
  'abm avx avx2 bmi1 bmi2 f16c fma movbe xsave',
  'avx512f avx512bw avx512cd avx512dq avx512vl',
]

let machine: Machine | undefined

export function thisMachine(): Machine {
  machine ??= machineOf(process.arch, process.arch === 'x64' ? readFileSync('/proc/cpuinfo', 'utf8') : '')
  return machine
}

/** @param arch Node's name for it @param cpuinfo proc_cpuinfo(5)'s text */
export function machineOf(arch: string, cpuinfo: string): Machine {
  const flags = new Set(/^flags\s*:(.*)$/m.exec(cpuinfo)?.[1]?.trim().split(/\s+/))
  const beyond = levels.findIndex(level => !level.split(' ').every(flag => flags.has(flag)))
  return { architecture: normalized(arch), level: 1 + (beyond === -1 ? levels.length : beyond) }
}

function normalized(architecture: string): string {
  const lower = architecture.toLowerCase()
  return aliases[lower] ?? lower
}

/** How well a platform fits, higher for more of the machine's own abilities; undefined when it does not. */
export function fitness(platform: Platform, to: Machine = thisMachine()): number | undefined {
  const os = platform.os === '' ? 'linux' : platform.os.toLowerCase()
  const architecture = platform.architecture === '' ? to.architecture : normalized(platform.architecture)
  if (os !== 'linux' || architecture !== to.architecture) return undefined
  const { variant = architecture === 'arm64' ? 'v8' : 'v1' } = platform
  if (architecture === 'amd64') {
    const level = Number(/^v([1-4])$/.exec(variant)?.[1] ?? Number.NaN)
    return level <= to.level ? level : undefined
  }
  // Linux tells no variant of 64-bit ARM but the first.
  if (architecture === 'arm64') return variant === 'v8' ? 1 : undefined
  return 1
}

/** `linux/amd64/v3` */
export function platformName({ os, architecture, variant = '' }: Platform): string {
  return [os === '' ? 'linux' : os, architecture, variant].filter(part => part !== '').join('/')
}

export function machineName({ architecture, level }: Machine = thisMachine()): string {
  return platformName({ os: 'linux', architecture, ...(level > 1 && { variant: `v${level}` }) })
}

/** @throws ImageError when the image's programs cannot run here */
export function checkPlatform(platform: Platform): void {
  if (fitness(platform) !== undefined) return
  const [image, here] = [platformName(platform), machineName()]
  throw new ImageError('invalid', `the image is for ${image} and this machine is ${here}: export it for ${here}`)
}
