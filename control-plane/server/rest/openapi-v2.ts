// `/openapi/v2`, which older clients ask for before they turn to discovery: a document that describes no kind. They
// then leave validation to the server, which is where it is done (`fieldValidation`), and go on.
import protobuf from 'protobufjs'
import { StatusError } from '../../../api/errors.ts'
import { gitVersion } from '../../../lib/version.ts'
import type { Exchange } from './exchange.ts'
import { negotiate } from './negotiate.ts'
import { send, sendJson } from './reply.ts'

/** Asked for with an `@`, which is not a media type: the answer must not repeat it. */
const protobufType = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'
const json = { mediaType: 'application/json', parameters: {} }
const offers = [
  json,
  { mediaType: protobufType, parameters: {} },
  { mediaType: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf', parameters: {} },
]

const info = { title: 'Kubernetes', version: gitVersion }
const document = { swagger: '2.0', info, paths: {}, definitions: {} }

/** Answers `/openapi/v2`; false: this is no such path. */
export async function serveOpenApiV2(exchange: Exchange): Promise<boolean> {
  if (exchange.path !== '/openapi/v2') return false
  const offer = negotiate(exchange.request.headers.accept, offers)
  if (!offer) throw StatusError.notAcceptable(offers.map(({ mediaType }) => mediaType))
  const headers = { Vary: 'Accept' }
  if (offer === json) await sendJson(exchange, document, { headers })
  else await send(exchange, encoded(), { contentType: protobufType, headers })
  return true
}

/** openapi.v2.Document: swagger is field 1; info is field 2, with title 1 and version 2. */
function encoded(): Buffer {
  const writer = protobuf.Writer.create()
  writer.uint32((1 << 3) | 2).string(document.swagger)
  writer.uint32((2 << 3) | 2).fork()
  writer.uint32((1 << 3) | 2).string(info.title)
  writer.uint32((2 << 3) | 2).string(info.version)
  return Buffer.from(writer.ldelim().finish())
}
