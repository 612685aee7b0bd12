// Executes a plan, synchronously, in a child of the launcher that has no event loop and never returns to one.
import { readFileSync } from 'node:fs'
import { hasCode } from '../../../sys/errno.ts'
import { writeFile } from '../../../sys/fd.ts'
import { newSessionKeyring } from '../../../sys/keyring.ts'
import { joinNamespaceFile, joinProcessNamespaces, unshare } from '../../../sys/namespaces.ts'
import { setNoNewPrivileges } from '../../../sys/process.ts'
import { hardLimit, setResourceLimit } from '../../../sys/rlimit.ts'
import { readFileInRoot } from '../../../sys/rooted.ts'
import { type Step, type StepName, type StepReport } from '../../container/plan.ts'
import { type Inheritance } from './inheritance.ts'
import * as mounts from './mounts.ts'
import { becomeUser, prepareProgram } from './program.ts'
import { type ChildState, newState, type Preparations, requireRoot } from './state.ts'
import { openStdio, openTerminal } from './stdio.ts'
import { resolveUser } from './user.ts'

export interface PlanResult {
  readonly state: ChildState
  readonly steps: readonly StepReport[]
  /** Turns the child into the program; returns only by throwing. */
  readonly execute: () => never
}

/** What a plan's last step leaves, or the step that failed with its error as `cause`. */
export class StepError extends Error {
  readonly step: StepName

  constructor(step: StepName, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.step = step
  }
}

/** Facts of the machine that the launcher looked up once, before any root changed. */
export interface MachineFacts {
  readonly lastCapability: number
  /** Signals with other than their default action in the launcher. */
  readonly changedSignals: readonly number[]
}

/**
 * @param nowUs monotonic microseconds since the plan was received
 * @param onTerminal told at once, since the launcher's answer takes time
 */
export function runPlan(
  steps: readonly Step[],
  facts: MachineFacts,
  inherited: Inheritance,
  preparations: Preparations,
  nowUs: () => number,
  onTerminal: (masterFd: number) => void,
): PlanResult {
  const state = newState(preparations)
  const reports: StepReport[] = [{ step: 'received', endUs: nowUs() }]
  let execute: (() => never) | undefined
  for (const step of steps) {
    try {
      if (step.do === 'execute') execute = prepareProgram(step, state, facts.changedSignals)
      else perform(step, state, facts, inherited)
    } catch (error) {
      throw new StepError(step.do, error)
    }
    reports.push({ step: step.do, endUs: nowUs() })
    if (step.do === 'openTerminal' && state.terminalMaster !== undefined) onTerminal(state.terminalMaster)
  }
  if (execute === undefined) throw new Error('the plan ends without executing anything')
  const become = execute
  return {
    state,
    steps: reports,
    execute: () => {
      try {
        return become()
      } catch (error) {
        throw new StepError('execute', error)
      }
    },
  }
}

function perform(
  step: Exclude<Step, { do: 'execute' }>,
  state: ChildState,
  facts: MachineFacts,
  inherited: Inheritance,
): void {
  switch (step.do) {
    case 'joinNamespace':
      joinNamespaceFile(step.path, step.kind)
      return
    case 'joinProcess':
      joinProcessNamespaces(inherited.processFd(step.process), step.kinds, `process ${step.process.pid}`)
      return
    case 'newNamespace':
      unshare(step.kinds)
      return
    case 'joinCgroup':
      step.files.forEach(file => writeFile(file, '0'))
      return
    case 'openStdio':
      openStdio(step, state, inherited)
      return
    case 'openTerminal':
      openTerminal(step, state)
      return
    case 'enterStage':
      mounts.enterStage(step, state)
      return
    case 'mountOverlay':
      mounts.mountOverlay(step, state)
      return
    case 'bindRoot':
      mounts.bindRoot(step, state)
      return
    case 'useCurrentRoot':
      mounts.useCurrentRoot(state)
      return
    case 'mountFileSystem':
      mounts.mountNew(step, state)
      return
    case 'bind':
      mounts.bind(step, state)
      return
    case 'takeVolumes':
      mounts.takeVolumes(step, state)
      return
    case 'attachVolume':
      mounts.attachVolume(step, state)
      return
    case 'makeDevices':
      mounts.makeDevices(step, state)
      return
    case 'makeSymlinks':
      mounts.makeSymlinks(step, state)
      return
    case 'makeDirectory':
      mounts.makeDirectory(step, state)
      return
    case 'maskPaths':
      mounts.maskPaths(step, state)
      return
    case 'readOnlyPaths':
      mounts.readOnlyPaths(step, state)
      return
    case 'readOnlyRoot':
      mounts.readOnlyRoot(state)
      return
    case 'joinPeers':
      mounts.joinPeers(state)
      return
    case 'enterRoot':
      mounts.enterRoot(state)
      return
    case 'setResourceLimits':
      setResourceLimits(step, state)
      return
    case 'newKeyring':
      newSessionKeyring()
      return
    case 'setOomScoreAdj':
      setOomScoreAdj(step.value, state)
      return
    case 'resolveUser':
      lookUpUser(step, state)
      return
    case 'becomeUser':
      becomeUser(step, state, facts.lastCapability)
      return
    case 'setNoNewPrivileges':
      setNoNewPrivileges()
      state.noNewPrivileges = true
      return
    case 'setSeccomp':
      state.filter = Buffer.from(step.program, 'base64')
      return
  }
}

/** Raising a hard limit takes CAP_SYS_RESOURCE: without it the limit is as high as it can be, and that is said. */
function setResourceLimits(step: Extract<Step, { do: 'setResourceLimits' }>, state: ChildState): void {
  for (const { name, soft, hard } of step.limits) {
    try {
      setResourceLimit(name, soft, hard)
    } catch (error) {
      if (!hasCode(error, 'EPERM')) throw error
      const ceiling = hardLimit(name)
      setResourceLimit(name, soft < 0 ? ceiling : Math.min(soft, ceiling), ceiling)
      state.warnings.push(`resource limit ${name}: ${hard} needs CAP_SYS_RESOURCE; it is ${ceiling}`)
    }
  }
}

function setOomScoreAdj(value: number, state: ChildState): void {
  try {
    writeFile('/proc/self/oom_score_adj', String(value))
  } catch (error) {
    if (!hasCode(error, 'EACCES', 'EPERM')) throw error
    const current = readFileSync('/proc/self/oom_score_adj', 'latin1').trim()
    state.warnings.push(`oom_score_adj ${value} is below ${current} and needs CAP_SYS_RESOURCE; it stays ${current}`)
  }
}

function lookUpUser(step: Extract<Step, { do: 'resolveUser' }>, state: ChildState): void {
  const root = requireRoot(state)
  state.user = resolveUser(step.user, {
    passwd: readFileInRoot(root, '/etc/passwd'),
    group: readFileInRoot(root, '/etc/group'),
  })
}
