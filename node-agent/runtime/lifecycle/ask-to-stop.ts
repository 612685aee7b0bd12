// Asking a container to stop. The kernel drops what process 1 of a PID namespace neither handles nor blocks
// (pid_namespaces(7)), and a program that has just begun has not installed its handlers yet: a signal then is lost, and the
// whole grace period would pass for nothing. So it is sent once it will be heard.
import { messageOf } from '../errors.ts'
import type { ContainerRecord } from '../records/records.ts'
import type { Runtime } from './runtime.ts'

const firstPauseMs = 10
/** A program that has no handler after some seconds probably never will. */
const longestPauseMs = 1000

/**
 * Sends a running container its stop signal, at once or when its first process comes to hear it.
 * @returns disposed of, it waits for that no longer
 */
export async function askToStop(
  runtime: Pick<Runtime, 'launcher' | 'hears' | 'logger'>,
  { id, stopSignal, start, spec }: ContainerRecord,
): Promise<Disposable> {
  // Anywhere else the default action of the signal ends it.
  const first = spec.namespaces.pid === 'new' ? start?.pid : undefined
  let timer: NodeJS.Timeout | undefined
  const ask = async (pauseMs: number): Promise<void> => {
    if (first === undefined || runtime.hears(first, stopSignal)) {
      await runtime.launcher.signal(id, stopSignal)
      return
    }
    timer = setTimeout(() => {
      ask(Math.min(2 * pauseMs, longestPauseMs)).catch((error: unknown) => {
        runtime.logger.warn({ container: id, error: messageOf(error) }, 'a container could not be asked to stop')
      })
    }, pauseMs)
  }
  await ask(firstPauseMs)
  return { [Symbol.dispose]: () => clearTimeout(timer) }
}
