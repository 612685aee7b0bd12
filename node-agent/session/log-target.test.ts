import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ContainerState, ContainerStatus } from '../../api/kinds/core-v1/container-status.ts'
import { logTarget } from './log-target.ts'

const status = (state: ContainerState, more: Partial<ContainerStatus> = {}): ContainerStatus => ({
  name: 'main',
  image: 'demo:1',
  imageID: '',
  ready: false,
  restartCount: 0,
  state,
  lastState: {},
  ...more,
})

describe('why a container has no log', () => {
  const told = (containerStatuses: ContainerStatus[], previous = false): string => {
    try {
      return logTarget('web', { containerStatuses }, 'main', previous)
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }
  const main = 'container "main" in pod "web" is'
  const ended = { exitCode: 1, containerID: 'tessera://old' }
  const table: readonly [what: string, statuses: ContainerStatus[], previous: boolean, expected: string][] = [
    ['nothing was made of its pod', [], false, `${main} not available`],
    ['nor anything before', [], true, `${main} not available`],
    ['it has not been decided on', [status({})], false, `${main} waiting to start - no logs yet`],
    [
      'it is being made',
      [status({ waiting: { reason: 'ContainerCreating' } })],
      false,
      `${main} waiting to start: ContainerCreating`,
    ],
    [
      'it ran for the first time',
      [status({ running: {} }, { containerID: 'tessera://now' })],
      true,
      'previous terminated container "main" in pod "web" not found',
    ],
    [
      'it has one, the last run’s',
      [status({ waiting: { reason: 'CrashLoopBackOff' } }, { lastState: { terminated: ended } })],
      false,
      'tessera://old',
    ],
  ]
  for (const [what, statuses, previous, expected] of table) {
    it(what, () => assert.equal(told(statuses, previous), expected))
  }
})
