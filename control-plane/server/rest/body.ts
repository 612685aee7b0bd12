// A request's body: read up to a limit, and understood by its content type.
import type { IncomingMessage } from 'node:http'
import { StatusError } from '../../../api/errors.ts'
import { type DeleteOptions, deleteOptions } from '../../../api/kinds/meta-v1/options.ts'
import { DecodeError, decode } from '../../../api/schema/decode.ts'
import { decodeMessage, ProtobufError, protobufMediaType, unwrap } from '../../../api/schema/protobuf.ts'
import { parseYaml, YamlError } from '../../../lib/yaml.ts'
import type { Body, PatchType, Registry } from '../../registry/contract.ts'
import { parseMediaType } from './negotiate.ts'

type Catalogue = Pick<Registry['catalogue'], 'findBody'>

/** Kubernetes' limit, and etcd's with some room: 3 MiB. */
const maxBodyBytes = 3 * 1024 * 1024

const jsonType = 'application/json'
const yamlType = 'application/yaml'

const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
] as const satisfies readonly PatchType[]

/** @throws StatusError RequestEntityTooLarge */
async function readBody(request: IncomingMessage): Promise<Buffer> {
  const tooLarge = () => StatusError.requestEntityTooLarge(`limit is ${maxBodyBytes}`)
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) throw tooLarge()
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxBodyBytes) throw tooLarge()
    chunks.push(chunk)
  }
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)
}

/**
 * An object to create or update: JSON stays bytes, for the registry to read with its schema.
 * @throws StatusError UnsupportedMediaType, RequestEntityTooLarge, BadRequest
 */
export async function objectBody(request: IncomingMessage, catalogue: Catalogue): Promise<Body> {
  const read = decoder(request, bytes => bytes, catalogue)
  const bytes = await readBody(request)
  if (bytes.length === 0) throw StatusError.badRequest('the request has no body: expected an object')
  return read(bytes)
}

export interface PatchBody {
  readonly type: PatchType
  readonly bytes: Buffer
}

/** @throws StatusError UnsupportedMediaType, RequestEntityTooLarge, BadRequest */
export async function patchBody(request: IncomingMessage): Promise<PatchBody> {
  const asked = contentType(request)
  const type = patchTypes.find(candidate => candidate === asked)
  if (type === undefined) throw StatusError.unsupportedMediaType(patchTypes)
  const bytes = await readBody(request)
  return { type, bytes }
}

/**
 * The options of a deletion, when the request has a body.
 * @throws StatusError UnsupportedMediaType, RequestEntityTooLarge, BadRequest
 */
export async function deletionBody(request: IncomingMessage): Promise<DeleteOptions | undefined> {
  const bytes = await readBody(request)
  if (bytes.length === 0) return undefined
  const value = decoder<unknown>(request, parseJson)(bytes)
  try {
    // Fields that are not known here come from clients newer than this server.
    return decode(deleteOptions, value).object
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    throw StatusError.badRequest(`the request's body is not a DeleteOptions: ${error.message}`)
  }
}

/** How a body of the request's content type is read. @throws StatusError UnsupportedMediaType */
function decoder<T>(
  request: IncomingMessage,
  json: (bytes: Buffer) => T,
  catalogue?: Catalogue,
): (bytes: Buffer) => T | object {
  switch (contentType(request)) {
    case jsonType:
      return json
    case yamlType:
      return yamlObject
    case protobufMediaType:
      return bytes => protobufObject(bytes, catalogue)
    default:
      throw StatusError.unsupportedMediaType([jsonType, yamlType, protobufMediaType])
  }
}

/** Without one it is JSON. */
function contentType(request: IncomingMessage): string {
  return parseMediaType(request.headers['content-type'] ?? '').type || jsonType
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch (error) {
    throw StatusError.badRequest(`the request's body is not JSON: ${error instanceof Error ? error.message : ''}`)
  }
}

function yamlObject(bytes: Buffer): object {
  let documents: unknown[]
  try {
    documents = parseYaml(bytes.toString(), "the request's body")
  } catch (error) {
    if (!(error instanceof YamlError)) throw error
    throw StatusError.badRequest(error.message)
  }
  const [object, ...more] = documents
  if (typeof object === 'object' && object !== null && more.length === 0) return object
  throw StatusError.badRequest(`the request's body must be one YAML document that is an object`)
}

/** An object out of its envelope, which says of what kind it is. */
function protobufObject(bytes: Buffer, catalogue: Catalogue | undefined): object {
  try {
    const { apiVersion, kind, raw } = unwrap(bytes)
    // Every group version has DeleteOptions, all of them the same.
    const message = kind === 'DeleteOptions' ? deleteOptions : catalogue?.findBody(apiVersion, kind)?.schema
    if (!message) {
      throw StatusError.badRequest(
        `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)}`,
      )
    }
    const typed = kind === 'DeleteOptions' ? {} : { apiVersion, kind }
    return { ...decodeMessage(message, raw), ...typed }
  } catch (error) {
    if (error instanceof ProtobufError) throw StatusError.badRequest(error.message)
    throw error
  }
}
