// Streaming calls as async iterables with back-pressure, and how they end.
import { setMaxListeners } from 'node:events'
import { type StatusObject, status } from '@grpc/grpc-js'
import { callError } from './call-error.ts'

/** Messages both ways. Iterating yields what arrives; leaving the loop cancels the call. */
export interface Duplex<Sent, Received> extends AsyncIterable<Received> {
  /** Resolves when more may be sent; rejects when the call is over. */
  send(message: Sent): Promise<void>
  /** No more will be sent; the other side may still send. */
  end(): void
}

/** Messages one way, then one answer. */
export interface Sink<Sent> {
  /** Resolves when more may be sent; rejects when the call is over. */
  send(message: Sent): Promise<void>
  /** Ends the stream; resolves when the other side has taken all of it. */
  finish(): Promise<void>
}

interface Call extends NodeJS.EventEmitter {
  cancel(): void
}

/**
 * How a call ends. Made together with the call, so that neither an abort nor an error is missed while nobody reads:
 * grpc-js emits `error` without destroying the stream, and a reader that comes later would see a clean end.
 */
export class Ending {
  /** Resolves when the call is over, however it went. */
  readonly over: Promise<void>
  /** Set before `over` resolves, unless the call went well or its own signal ended it. */
  failure: Error | undefined
  isOver = false
  readonly signal: AbortSignal | undefined

  constructor(call: Call, address: string, signal: AbortSignal | undefined) {
    this.signal = signal
    let forget = (): void => {}
    this.over = new Promise(resolve => {
      call.once('status', (end: StatusObject) => {
        forget()
        if (end.code !== status.OK && !signal?.aborted) this.failure = callError(end, address)
        this.isOver = true
        resolve()
      })
    })
    call.on('error', () => {}) // The status event, which follows, says the same.
    if (signal?.aborted) call.cancel()
    else if (signal) forget = onAbort(signal, () => call.cancel())
  }
}

/** Calls back when the signal aborts; answers how to take that back. */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  // One signal ends many calls at once: a component's own. Node takes more than ten listeners for a leak.
  setMaxListeners(0, signal)
  signal.addEventListener('abort', callback, { once: true })
  return () => signal.removeEventListener('abort', callback)
}

/** What the other side sends, until it ends, fails, or the signal aborts. */
export async function* received<Message>(
  call: Call & AsyncIterable<Message>,
  ending: Ending,
): AsyncGenerator<Message, void, void> {
  try {
    for await (const message of call) {
      if (ending.signal?.aborted) return
      yield message
    }
  } catch (error) {
    if (ending.signal?.aborted) return
    await ending.over
    throw ending.failure ?? error
  } finally {
    call.cancel()
  }
  await ending.over
  if (ending.failure) throw ending.failure
}

interface Writer<Message> extends Call {
  write(message: Message): boolean
}

/** @throws what ended the call, when it is over */
export async function send<Message>(call: Writer<Message>, message: Message, ending: Ending): Promise<void> {
  if (!ending.isOver && !call.write(message)) {
    await new Promise<void>(resolve => {
      call.once('drain', resolve)
      void ending.over.then(resolve)
    })
  }
  if (ending.isOver) throw ending.failure ?? new Error('the call is over')
}
