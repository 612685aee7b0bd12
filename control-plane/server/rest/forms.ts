// An object or a list in the form its client asked for: as it is, as its metadata, as a Table, as YAML.

import { StatusError } from '../../../api/errors.ts'
import type { Kind } from '../../../api/kinds/kind.ts'
import type { Deleted, Encoded, ObjectList, WatchEvent, Written } from '../../registry/contract.ts'
import type { Exchange } from './exchange.ts'
import { type Form, objectForm } from './negotiate.ts'
import { includeObject } from './options.ts'
import { type Reply, send, sendEncoded, sendJson } from './reply.ts'
import { partial, tableOf } from './table.ts'

const tableType = 'application/json;as=Table;v=v1;g=meta.k8s.io'
const accepted = ['application/json', 'application/yaml', tableType]

/** @throws StatusError NotAcceptable */
export function wantedForm({ request }: Exchange): Form {
  const form = objectForm(request.headers.accept)
  if (form === undefined) throw StatusError.notAcceptable(accepted)
  return form
}

/** Answers one object; a Status stays one. */
export function sendObject(
  exchange: Exchange,
  kind: Kind,
  { object, json }: Encoded | Written | Deleted,
  reply?: Reply,
): Promise<void> {
  const form = wantedForm(exchange)
  if (form === 'json' || form === 'yaml' || !isOf(kind, object)) {
    return sendEncoded(exchange, json, form === 'yaml' ? 'yaml' : 'json', reply)
  }
  if (form === 'partial') return sendJson(exchange, partial(object.metadata), reply)
  const { resourceVersion } = object.metadata
  return send(exchange, tableOf(kind, includeObject(exchange.query), [{ object, json }], { resourceVersion }), reply)
}

/** Answers a list. */
export function sendList(exchange: Exchange, kind: Kind, list: ObjectList): Promise<void> {
  const form = wantedForm(exchange)
  if (form === 'json' || form === 'yaml') return sendEncoded(exchange, list.json(), form)
  if (form === 'table') {
    return send(exchange, tableOf(kind, includeObject(exchange.query), list.items, list.metadata))
  }
  return sendJson(exchange, {
    kind: 'PartialObjectMetadataList',
    apiVersion: 'meta.k8s.io/v1',
    metadata: list.metadata,
    items: list.items.map(({ object }) => partial(object.metadata)),
  })
}

/** Turns events of one watch into frames: `{"type":…,"object":…}` and a newline each. */
export function framer(exchange: Exchange, kind: Kind): (event: WatchEvent) => Buffer | string {
  switch (wantedForm(exchange)) {
    case 'json':
      return event => event.frame
    case 'partial':
      return event => frame(event.type, JSON.stringify(partial(event.object.metadata)))
    case 'table': {
      const include = includeObject(exchange.query)
      // Columns are sent once; a client remembers them.
      let columns = true
      return event => {
        const { resourceVersion } = event.object.metadata
        const rows = event.type === 'BOOKMARK' ? [] : [event]
        const table = tableOf(kind, include, rows, { resourceVersion }, columns)
        columns = false
        return frame(event.type, table)
      }
    }
    case 'yaml':
      throw StatusError.notAcceptable(accepted.filter(type => type !== 'application/yaml'))
  }
}

const frame = (type: string, object: string): string => `{"type":"${type}","object":${object}}\n`

function isOf(kind: Kind, object: Encoded['object'] | Deleted['object']): object is Encoded['object'] {
  return object.kind === kind.kind && object.apiVersion === kind.apiVersion
}
