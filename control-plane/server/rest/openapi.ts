// `/openapi/v3`: an index of documents, one a group version, each named by a hash so that clients keep what they have.
import { createHash } from 'node:crypto'
import { StatusError } from '../../../api/errors.ts'
import { groupVersionPath, openApiDocument } from '../../../api/kinds/openapi.ts'
import { gitVersion } from '../../../lib/version.ts'
import type { Registry } from '../../registry/contract.ts'
import type { Exchange } from './exchange.ts'
import { negotiate } from './negotiate.ts'
import { send, sendJson } from './reply.ts'

export type ServeOpenApi = (exchange: Exchange) => Promise<boolean>

interface Document {
  readonly json: Buffer
  readonly hash: string
}

const offers = [{ mediaType: 'application/json', parameters: {} }]
const root = '/openapi/v3'

/** Answers `/openapi/v3` and the documents below it; false: this is no such path. */
export function openApi(registry: Registry): ServeOpenApi {
  /** By path below the root, `api/v1`: made when first asked for, since most clients never do. */
  const documents = new Map<string, Document>()
  let generation = registry.catalogue.generation

  function document(groupVersion: string): Document | undefined {
    const path = groupVersionPath(groupVersion).slice(1)
    const known = documents.get(path)
    if (known !== undefined) return known
    const members = registry.resources.filter(({ kind }) => kind.apiVersion === groupVersion)
    if (members.length === 0) return undefined
    const json = Buffer.from(JSON.stringify(openApiDocument(members, gitVersion)))
    const made = { json, hash: createHash('sha256').update(json).digest('hex').toUpperCase() }
    documents.set(path, made)
    return made
  }

  const groupVersions = (): string[] => [...new Set(registry.resources.map(({ kind }) => kind.apiVersion))]

  /** What is served has changed, so every document may have. */
  function forgetOld(): void {
    const { generation: current } = registry.catalogue
    if (current !== generation) documents.clear()
    generation = current
  }

  return async exchange => {
    const { path, request, query, response } = exchange
    if (path !== root && !path.startsWith(`${root}/`)) return false
    forgetOld()
    if (!negotiate(request.headers.accept, offers)) throw StatusError.notAcceptable(['application/json'])
    const wanted = path.slice(root.length + 1)
    if (wanted === '') {
      const paths = groupVersions().flatMap(groupVersion => {
        const found = document(groupVersion)
        const relative = groupVersionPath(groupVersion).slice(1)
        return found ? [[relative, { serverRelativeURL: `${root}/${relative}?hash=${found.hash}` }] as const] : []
      })
      await sendJson(exchange, { paths: Object.fromEntries(paths) })
      return true
    }
    const groupVersion = groupVersions().find(candidate => groupVersionPath(candidate).slice(1) === wanted)
    const found = groupVersion === undefined ? undefined : document(groupVersion)
    if (!found) throw StatusError.noSuchResource()
    const hash = query.get('hash')
    if (hash !== null && hash !== found.hash) {
      response.writeHead(301, { Location: `${root}/${wanted}?hash=${found.hash}` }).end()
      return true
    }
    const etag = `"${found.hash}"`
    // A document named by its hash never changes.
    const caching = hash === null ? 'no-cache, private' : 'public, immutable, max-age=31536000'
    const headers = { ETag: etag, Vary: 'Accept', 'Cache-Control': caching }
    if (request.headers['if-none-match'] === etag) response.writeHead(304, headers).end()
    else await send(exchange, found.json, { headers })
    return true
  }
}
