import assert from 'node:assert/strict'
import { it } from 'node:test'
import { makePod } from '../testing.ts'
import { endingGraceSeconds } from './ending.ts'
import type { Ending } from './situation.ts'

const table: readonly (readonly [
  cause: Ending['cause'],
  isStatic: boolean,
  granted: number | undefined,
  seconds: number,
])[] = [
  ['deleted', false, 12, 12],
  ['deleted', false, 0, 0],
  ['finished', false, undefined, 90],
  ['deadline', false, undefined, 90],
  ['removed', false, undefined, 0],
  ['removed', false, 12, 0],
  ['removed', true, undefined, 90],
]

for (const [cause, isStatic, granted, seconds] of table) {
  it(`grants a ${isStatic ? 'static ' : ''}pod that is ${cause}, asked for ${granted ?? 'nothing'}, ${seconds} s`, () => {
    const metadata = granted === undefined ? {} : { deletionGracePeriodSeconds: granted }
    const pod = makePod({ terminationGracePeriodSeconds: 90 }, metadata)
    assert.equal(endingGraceSeconds(pod, cause, isStatic), seconds)
  })
}
