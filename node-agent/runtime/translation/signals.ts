// Stop signals: as CRI numbers them, as images spell them, as Linux numbers them.
import { constants } from 'node:os'
import { Signal } from '../../../proto/gen/cri.ts'

const SIGRTMIN = 34
const SIGRTMAX = 64

const byName: ReadonlyMap<string, number> = new Map([
  ...Object.entries(constants.signals),
  ['SIGCLD', constants.signals.SIGCHLD],
])

/** `SIGQUIT`, `quit`, `3`, `SIGRTMIN+3`; undefined for what is no signal. */
export function signalNumber(text: string): number | undefined {
  if (/^[0-9]{1,2}$/.test(text)) {
    const number = Number(text)
    return number >= 1 && number <= SIGRTMAX ? number : undefined
  }
  const name = text.toUpperCase().replace(/^(?!SIG)/, 'SIG')
  const realTime = /^SIGRT(MIN|MAX)(?:([+-])([0-9]{1,2}))?$/.exec(name)
  if (realTime) {
    const [, base, sign, offset = '0'] = realTime
    const number = (base === 'MIN' ? SIGRTMIN : SIGRTMAX) + (sign === '-' ? -1 : 1) * Number(offset)
    return number >= SIGRTMIN && number <= SIGRTMAX ? number : undefined
  }
  return byName.get(name)
}

/** CRI's enumeration as a number of Linux; undefined for RUNTIME_DEFAULT. */
export function criSignalNumber(signal: Signal): number | undefined {
  const name = Object.entries(Signal).find(([, value]) => value === signal)?.[0]
  if (name === undefined || signal === Signal.RUNTIME_DEFAULT) return undefined
  return signalNumber(name.replace('PLUS', '+').replace('MINUS', '-'))
}

/** The other way round. */
export function criSignal(number: number): Signal {
  for (const value of Object.values(Signal)) if (criSignalNumber(value) === number) return value
  return Signal.RUNTIME_DEFAULT
}

/** Which signal asks a container to stop: what the pod says, else the image, else SIGTERM. */
export function stopSignalOf(asked: Signal | undefined, imageSignal: string): number {
  return criSignalNumber(asked ?? Signal.RUNTIME_DEFAULT) ?? signalNumber(imageSignal) ?? constants.signals.SIGTERM
}
