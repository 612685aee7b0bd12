// File systems for the steps to mount: made when asked for, or before the plan was known. What a container mounts is much
// the same as what the one before it did, so a child that waits makes those ahead, detached from everything.
import { closeFd } from '../../../sys/fd.ts'
import { createFileSystem } from '../../../sys/mount.ts'
import { type Step } from '../../container/plan.ts'

export type FileSystem = Pick<Extract<Step, { do: 'mountFileSystem' }>, 'type' | 'source' | 'options' | 'flags'>

/**
 * Kinds that show nothing of the namespaces a plan joins. A procfs shows the PID namespace, in which the child is from
 * birth.
 */
const independent: ReadonlySet<string> = new Set(['devpts', 'proc', 'tmpfs'])

const keyOf = ({ type, source, options, flags }: FileSystem): string => JSON.stringify([type, source, options, flags])

export class FileSystems {
  readonly #ready = new Map<string, number[]>()

  /** Makes those that can be made ahead. */
  prepare(wanted: readonly FileSystem[]): void {
    for (const each of wanted.filter(({ type }) => independent.has(type))) {
      const list = this.#ready.get(keyOf(each)) ?? []
      list.push(createFileSystem(each.type, each.source, each.options, each.flags))
      this.#ready.set(keyOf(each), list)
    }
  }

  /** A detached mount; the caller closes it. */
  take(wanted: FileSystem): number {
    const ready = this.#ready.get(keyOf(wanted))?.pop()
    return ready ?? createFileSystem(wanted.type, wanted.source, wanted.options, wanted.flags)
  }

  /** Lets go of what the plan did not want. */
  close(): void {
    for (const fd of [...this.#ready.values()].flat()) closeFd(fd)
    this.#ready.clear()
  }
}

/** What covers a masked folder. */
export const emptyFolder: FileSystem = {
  type: 'tmpfs',
  source: 'tmpfs',
  options: { mode: '755', size: '0' },
  flags: { readOnly: true, noSuid: true, noDev: true, noExec: true },
}

/** What a plan mounts, to be made ahead for the next one like it. */
export function fileSystemsOf(steps: readonly Step[]): FileSystem[] {
  return steps.flatMap(step => {
    if (step.do === 'maskPaths') return [emptyFolder]
    if (step.do !== 'mountFileSystem') return []
    const { type, source, options, flags } = step
    return [{ type, source, options, flags }]
  })
}
