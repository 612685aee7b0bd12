// Waiting that ends when its signal does.
import { setTimeout as delay } from 'node:timers/promises'
import { longestTimerMs } from './clock.ts'

/** Resolves after the time (`longestTimerMs` at most), or at once (without an error) when the signal aborts. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await delay(Math.min(ms, longestTimerMs), undefined, { ...(signal && { signal }) })
  } catch (error) {
    if (!signal?.aborted) throw error
  }
}

/** A call, where the compiler would take an earlier look at `aborted` for the present one. */
export const isAborted = (signal: AbortSignal | undefined): boolean => signal?.aborted === true

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/** A controller that aborts with its parent, and can be aborted alone. */
export function childController(parent: AbortSignal): AbortController & Disposable {
  const controller = new AbortController()
  const abort = (): void => controller.abort(parent.reason)
  if (parent.aborted) abort()
  else parent.addEventListener('abort', abort, { once: true })
  return Object.assign(controller, { [Symbol.dispose]: () => parent.removeEventListener('abort', abort) })
}

/** Aborts at the first SIGINT or SIGTERM; the second one ends the process. */
export function processSignal(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(1)
      controller.abort(new Error(name))
    })
  }
  return controller.signal
}
