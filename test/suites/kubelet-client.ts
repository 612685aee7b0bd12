// A client of CRI like the kubelet's and crictl's: calls by themselves, and no message above 16 MiB.
import { Client, credentials, Metadata } from '@grpc/grpc-js'
import type { Method } from '../../proto/service.ts'

/** What the client's side needs of a method. */
export type Asked<Request, Response, Streamed extends boolean> = Pick<
  Method<Request, Response, false, Streamed>,
  'path' | 'requestSerialize' | 'responseDeserialize' | 'responseStream'
>

export class KubeletClient implements Disposable {
  readonly #client: Client

  constructor(socket: string) {
    this.#client = new Client(`unix:${socket}`, credentials.createInsecure(), {
      'grpc.max_receive_message_length': 16 << 20,
      'grpc.use_local_subchannel_pool': 1,
    })
  }

  call<Request, Response>(
    { path, requestSerialize, responseDeserialize }: Asked<Request, Response, false>,
    request: Request,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, response) => {
        if (response !== undefined) resolve(response)
        else reject(error ?? new Error(`${path} answered nothing`))
      })
    })
  }

  /** All messages of a stream that the server ends. */
  async stream<Request, Response>(
    { path, requestSerialize, responseDeserialize }: Asked<Request, Response, true>,
    request: Request,
  ): Promise<Response[]> {
    const messages: Response[] = []
    const call = this.#client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      new Metadata(),
    )
    for await (const message of call) messages.push(message as Response)
    return messages
  }

  [Symbol.dispose](): void {
    this.#client.close()
  }
}
