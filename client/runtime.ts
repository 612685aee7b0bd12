// The node's container runtime as its callers see it: CRI v1 and the runtime's own services over one unix socket.
import { Client, credentials, Metadata, status } from '@grpc/grpc-js'
import { longestTimerMs } from '../lib/clock.ts'
import {
  type ContainerEventResponse,
  type ExecSyncRequest,
  type ExecSyncResponse,
  ImageService,
  RuntimeService,
  type StopContainerRequest,
  type StopContainerResponse,
} from '../proto/gen/cri.ts'
import {
  type ExecInput,
  type ExecStart,
  Images,
  type ImportedImage,
  type ImportProgress,
  Streaming,
} from '../proto/gen/runtime.ts'
import type { Method } from '../proto/service.ts'
import { CallStream, isServiceError } from './call-stream.ts'

/** Why a call failed: gRPC's own names. `Unavailable` means that nobody listens (yet, or any more): try again. */
export type RuntimeErrorCode = keyof typeof status

export class RuntimeError extends Error {
  override readonly name = 'RuntimeError'
  readonly code: RuntimeErrorCode

  constructor(code: RuntimeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Whether the thing asked for is not there. */
export function isNotFound(error: unknown): boolean {
  return error instanceof RuntimeError && error.code === 'NOT_FOUND'
}

export interface RuntimeCallOptions {
  readonly signal?: AbortSignal
  /** How long the call may take; default 120,000 (StopContainer and ExecSync: their own timeout more). */
  readonly timeoutMs?: number
}

export interface RuntimeClientOptions {
  /** Path of the runtime's unix socket. */
  readonly socketPath: string
  readonly timeoutMs?: number
}

export interface ImportOptions extends RuntimeCallOptions {
  /** Names the image: needed for a plain rootfs archive, renames what another archive holds. */
  readonly reference?: string
  /** Told each step in words for people. */
  readonly onProgress?: (progress: { readonly step: string; readonly bytesDone: number }) => void
}

export type ExecEvent =
  | { readonly kind: 'stdout' | 'stderr'; readonly data: Uint8Array }
  | { readonly kind: 'exit'; readonly code: number }

/**
 * A command running in a container. Iterating yields what it writes and, last, its exit code; the exec'd process is
 * killed when the iteration is left early, the signal aborts or the connection breaks.
 */
export interface ExecSession extends AsyncIterable<ExecEvent> {
  /** Sends to the command's standard input; resolves when there is room for more. */
  write(data: Uint8Array): Promise<void>
  closeStdin(): void
  resize(columns: number, rows: number): void
  cancel(): void
}

type Unary<Request, Response> = (request: Request, options?: RuntimeCallOptions) => Promise<Response>

const defaultTimeoutMs = 120_000

/** CRI's RPCs by their names, each a promise. Every rejection is a RuntimeError. */
export class RuntimeClient implements Disposable {
  readonly #client: Client
  readonly #calls: CallStream
  readonly #timeoutMs: number

  constructor({ socketPath, timeoutMs = defaultTimeoutMs }: RuntimeClientOptions) {
    this.#timeoutMs = timeoutMs
    this.#client = new Client(`unix:${socketPath}`, credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      // The runtime restarts within a second; who calls it should notice about as fast.
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.min_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 1000,
      'grpc.enable_http_proxy': 0,
      'grpc.service_config_disable_resolution': 1,
      'grpc.enable_retries': 0,
      'grpc.use_local_subchannel_pool': 1,
    })
    this.#calls = new CallStream(this.#client)
  }

  readonly version = this.#unary(RuntimeService.Version)
  readonly status = this.#unary(RuntimeService.Status)
  readonly runtimeConfig = this.#unary(RuntimeService.RuntimeConfig)
  readonly updateRuntimeConfig = this.#unary(RuntimeService.UpdateRuntimeConfig)

  readonly runPodSandbox = this.#unary(RuntimeService.RunPodSandbox)
  readonly stopPodSandbox = this.#unary(RuntimeService.StopPodSandbox)
  readonly removePodSandbox = this.#unary(RuntimeService.RemovePodSandbox)
  readonly podSandboxStatus = this.#unary(RuntimeService.PodSandboxStatus)
  readonly listPodSandbox = this.#unary(RuntimeService.ListPodSandbox)
  readonly podSandboxStats = this.#unary(RuntimeService.PodSandboxStats)
  readonly listPodSandboxStats = this.#unary(RuntimeService.ListPodSandboxStats)
  readonly updatePodSandboxResources = this.#unary(RuntimeService.UpdatePodSandboxResources)

  readonly createContainer = this.#unary(RuntimeService.CreateContainer)
  readonly startContainer = this.#unary(RuntimeService.StartContainer)
  readonly removeContainer = this.#unary(RuntimeService.RemoveContainer)
  readonly listContainers = this.#unary(RuntimeService.ListContainers)
  readonly containerStatus = this.#unary(RuntimeService.ContainerStatus)
  readonly updateContainerResources = this.#unary(RuntimeService.UpdateContainerResources)
  readonly reopenContainerLog = this.#unary(RuntimeService.ReopenContainerLog)
  readonly containerStats = this.#unary(RuntimeService.ContainerStats)
  readonly listContainerStats = this.#unary(RuntimeService.ListContainerStats)

  readonly listImages = this.#unary(ImageService.ListImages)
  readonly imageStatus = this.#unary(ImageService.ImageStatus)
  readonly pullImage = this.#unary(ImageService.PullImage)
  readonly removeImage = this.#unary(ImageService.RemoveImage)
  readonly imageFsInfo = this.#unary(ImageService.ImageFsInfo)

  /** `timeout` in seconds is the grace between the stop signal and SIGKILL. */
  stopContainer(request: StopContainerRequest, options?: RuntimeCallOptions): Promise<StopContainerResponse> {
    return this.#withOwnTimeout(RuntimeService.StopContainer, request, options)
  }

  /** `timeout` in seconds, 0 for none; a command that takes longer is killed and the call ends DEADLINE_EXCEEDED. */
  execSync(request: ExecSyncRequest, options?: RuntimeCallOptions): Promise<ExecSyncResponse> {
    return this.#withOwnTimeout(RuntimeService.ExecSync, request, options)
  }

  /**
   * Resolves when the runtime answers: a connection alone may be one to a runtime that has just ended. UNAVAILABLE when
   * nobody listens within the time, DEADLINE_EXCEEDED when who listens does not answer.
   */
  async ready(timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      await this.#connected(deadline)
      try {
        await this.version({}, { timeoutMs: Math.max(1, deadline - Date.now()) })
        return
      } catch (error) {
        if (!(error instanceof RuntimeError) || error.code !== 'UNAVAILABLE') throw error
      }
    }
  }

  #connected(deadline: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#client.waitForReady(deadline, error => {
        if (error) reject(new RuntimeError('UNAVAILABLE', `the runtime does not answer: ${error.message}`))
        else resolve()
      })
    })
  }

  /**
   * Containers created, started, stopped and deleted from now on. Resolves once the runtime has the subscription, so
   * that a list made afterwards and the events together miss nothing. The iteration throws when the runtime goes away
   * or drops a reader too slow; it ends quietly when the signal aborts.
   */
  async containerEvents(signal: AbortSignal): Promise<AsyncIterable<ContainerEventResponse>> {
    const { path, requestSerialize, responseDeserialize } = RuntimeService.GetContainerEvents
    const call = this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, {}, new Metadata())
    const cancel = (): void => call.cancel()
    if (signal.aborted) cancel()
    signal.addEventListener('abort', cancel, { once: true })
    try {
      await new Promise((resolve, reject) => {
        call.once('metadata', resolve)
        call.once('error', reject)
      })
    } catch (error) {
      signal.removeEventListener('abort', cancel)
      throw toRuntimeError(error)
    }
    // Between here and the first read, an error must not be one that nobody listens to.
    call.on('error', () => undefined)
    return {
      async *[Symbol.asyncIterator]() {
        try {
          for await (const event of call) yield event as ContainerEventResponse
          if (!signal.aborted) throw new RuntimeError('UNAVAILABLE', 'the runtime ended the stream of events')
        } catch (error) {
          if (!signal.aborted) throw toRuntimeError(error)
        } finally {
          signal.removeEventListener('abort', cancel)
          call.cancel()
        }
      },
    }
  }

  /** Runs a command in a running container. */
  exec(start: ExecStart, options: { readonly signal?: AbortSignal } = {}): ExecSession {
    const { path, requestSerialize, responseDeserialize } = Streaming.Exec
    const call = this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, new Metadata())
    const cancel = (): void => call.cancel()
    const { signal } = options
    if (signal?.aborted) cancel()
    signal?.addEventListener('abort', cancel, { once: true })
    call.on('error', () => undefined)
    call.write({ start })

    const send = (input: ExecInput): Promise<void> => {
      if (call.destroyed || call.writableEnded || call.write(input)) return Promise.resolve()
      return new Promise(resolve => {
        const done = (): void => {
          for (const event of ['drain', 'close', 'error']) call.off(event, done)
          resolve()
        }
        for (const event of ['drain', 'close', 'error']) call.once(event, done)
      })
    }
    return {
      write: data => send({ stdin: data }),
      closeStdin: () => void send({ stdinClosed: true }),
      resize: (columns, rows) => void send({ resize: { columns, rows } }),
      cancel,
      async *[Symbol.asyncIterator]() {
        try {
          for await (const output of call as AsyncIterable<object>) {
            if ('stdout' in output && Object.hasOwn(output, 'stdout'))
              yield { kind: 'stdout', data: output.stdout as Uint8Array }
            else if ('stderr' in output && Object.hasOwn(output, 'stderr'))
              yield { kind: 'stderr', data: output.stderr as Uint8Array }
            else if ('exitCode' in output && Object.hasOwn(output, 'exitCode')) {
              yield { kind: 'exit', code: output.exitCode as number }
              return
            }
          }
          throw new RuntimeError('UNAVAILABLE', 'the exec stream ended without an exit code')
        } catch (error) {
          throw toRuntimeError(error)
        } finally {
          signal?.removeEventListener('abort', cancel)
          call.cancel()
        }
      },
    }
  }

  /**
   * Sends an image archive (docker-archive, oci-archive or a rootfs tar; gzip or not) and answers the images it held.
   * @throws RuntimeError INVALID_ARGUMENT with what is wrong with the archive
   */
  async importImage(archive: AsyncIterable<Uint8Array>, options: ImportOptions = {}): Promise<ImportedImage[]> {
    const { path, requestSerialize, responseDeserialize } = Images.Import
    const call = this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, new Metadata())
    const { signal } = options
    const cancel = (): void => call.cancel()
    if (signal?.aborted) cancel()
    signal?.addEventListener('abort', cancel, { once: true })
    const failure = new AbortController()
    const ended = new Promise<ImportedImage[]>((resolve, reject) => {
      let images: ImportedImage[] = []
      call.on('data', (progress: ImportProgress) => {
        if (progress.images && progress.images.length > 0) images = progress.images
        if (progress.step) options.onProgress?.({ step: progress.step, bytesDone: progress.bytesDone ?? 0 })
      })
      call.on('error', error => {
        failure.abort()
        reject(toRuntimeError(error))
      })
      call.on('end', () => resolve(images))
    })
    // The answer can come (an archive refused) while the archive is still being sent.
    ended.catch(() => undefined)
    try {
      if (options.reference) call.write({ reference: options.reference })
      for await (const chunk of archive) {
        // Below gRPC's usual limit of 4 MiB a message.
        for (let offset = 0; offset < chunk.length && !failure.signal.aborted; offset += 1 << 20) {
          const room = call.write({ data: chunk.subarray(offset, offset + (1 << 20)) })
          if (!room) await Promise.race([new Promise(resolve => call.once('drain', resolve)), ended])
        }
        if (failure.signal.aborted) break
      }
      call.end()
      return await ended
    } catch (error) {
      call.cancel()
      throw toRuntimeError(error)
    } finally {
      signal?.removeEventListener('abort', cancel)
    }
  }

  close(): void {
    this.#calls.close()
    this.#client.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #withOwnTimeout<Request extends { timeout?: number | undefined }, Response>(
    method: Method<Request, Response, false, false>,
    request: Request,
    options: RuntimeCallOptions = {},
  ): Promise<Response> {
    const base = options.timeoutMs ?? this.#timeoutMs
    const timeoutMs = Math.min(base + (request.timeout ?? 0) * 1000, longestTimerMs)
    return this.#unary(method)(request, { ...options, timeoutMs })
  }

  #unary<Request, Response>(method: Method<Request, Response, false, false>): Unary<Request, Response> {
    return async (request, { signal, timeoutMs = this.#timeoutMs } = {}) => {
      try {
        return await this.#calls.call(method, request, { timeoutMs, signal })
      } catch (error) {
        throw toRuntimeError(error)
      }
    }
  }
}

function toRuntimeError(error: unknown): Error {
  if (!isServiceError(error)) return error instanceof Error ? error : new Error(String(error))
  const code = Object.entries(status).find(([, value]) => value === error.code)?.[0] ?? 'UNKNOWN'
  return new RuntimeError(code as RuntimeErrorCode, error.details || error.message, { cause: error })
}
