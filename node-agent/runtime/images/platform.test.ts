import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fitness, machineOf, platformName } from './platform.ts'

const v2 = 'fpu sse sse2 pni ssse3 cx16 sse4_1 sse4_2 popcnt lahf_lm'
const v3 = `${v2} fma movbe xsave avx f16c abm bmi1 avx2 bmi2`
const v4 = `${v3} avx512f avx512dq avx512cd avx512bw avx512vl`
const cpuinfo = (flags: string): string =>
  `processor\t: 0\nflags\t\t: ${flags}\nbugs\t\t: x\n\nprocessor\t: 1\nflags\t\t: \n`

test('the level of a processor is the highest whose flags it all has', () => {
  const levels = [v2, v3, v4, 'fpu sse', v3.replace(' bmi2', ''), v4.replace('popcnt ', '')].map(
    flags => machineOf('x64', cpuinfo(flags)).level,
  )
  assert.deepEqual(levels, [2, 3, 4, 1, 2, 1])
  assert.deepEqual(machineOf('arm64', 'processor\t: 0\nFeatures\t: fp\n'), { architecture: 'arm64', level: 1 })
})

test('a platform fits a machine that has what it needs', () => {
  const amd64 = machineOf('x64', cpuinfo(v2))
  const arm64 = machineOf('arm64', '')
  const cases: [string, string, string | undefined, typeof amd64, number | undefined][] = [
    ['linux', 'amd64', undefined, amd64, 1],
    ['linux', 'x86_64', undefined, amd64, 1],
    ['linux', 'amd64', 'v2', amd64, 2],
    ['linux', 'amd64', 'v3', amd64, undefined],
    ['linux', 'amd64', 'v5', amd64, undefined],
    ['linux', 'amd64', 'nonsense', amd64, undefined],
    ['', '', undefined, amd64, 1],
    ['windows', 'amd64', undefined, amd64, undefined],
    ['linux', '386', undefined, amd64, undefined],
    ['unknown', 'unknown', undefined, amd64, undefined],
    ['linux', 'arm64', 'v8', arm64, 1],
    ['linux', 'aarch64', undefined, arm64, 1],
    ['linux', 'arm64', 'v9', arm64, undefined],
    ['linux', 'arm', 'v7', arm64, undefined],
  ]
  for (const [os, architecture, variant, machine, expected] of cases) {
    const platform = { os, architecture, ...(variant !== undefined && { variant }) }
    assert.equal(fitness(platform, machine), expected, platformName(platform))
  }
})
