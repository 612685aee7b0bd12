// One resource's verbs, put together. Each lives in its own file under verbs/.
import { StatusError } from '../../api/errors.ts'
import type { Verb } from '../../api/kinds/kind.ts'
import type { RequestContext, Resource, Target } from './contract.ts'
import { createBinding } from './verbs/bind.ts'
import { create } from './verbs/create.ts'
import { remove } from './verbs/delete.ts'
import { deleteCollection } from './verbs/delete-collection.ts'
import { get } from './verbs/get.ts'
import { list } from './verbs/list.ts'
import { patch } from './verbs/patch.ts'
import type { Served } from './verbs/served.ts'
import { update } from './verbs/update.ts'
import { updateStatuses } from './verbs/update-statuses.ts'
import { watch } from './verbs/watch.ts'

const anybody: RequestContext = {}

/** @param pods what bindings act on */
export function serveResource(served: Served, pods: () => Served): Resource {
  const { kind } = served
  const isBinding = kind.group === '' && kind.kind === 'Binding'

  /** @throws StatusError 404 or 405 when the path has no such verb */
  function allow(verb: Verb, subresource = ''): void {
    if (subresource === '') {
      if (!kind.verbs.includes(verb)) throw StatusError.methodNotAllowed(kind, verb)
      return
    }
    const declared = kind.subresources.find(({ name }) => name === subresource)
    if (declared === undefined) throw StatusError.noSuchResource()
    if (!declared.verbs.includes(verb)) {
      throw StatusError.methodNotAllowed({ group: kind.group, resource: `${kind.resource}/${subresource}` }, verb)
    }
  }

  const creates = ({ subresource }: Target): typeof create => {
    if (isBinding || subresource === 'binding') return (_, ...rest) => createBinding(pods(), ...rest)
    return create
  }

  return {
    kind,
    async get(target, version = {}, context = anybody) {
      allow('get', target.subresource)
      return get(served, target, version, context)
    },
    async list(options, context = anybody) {
      allow('list')
      return list(served, options, context)
    },
    async watch(options, context = anybody) {
      allow('watch')
      return watch(served, options, context)
    },
    async create(target, body, context = anybody) {
      allow('create', target.subresource)
      return creates(target)(served, target, body, context)
    },
    async update(target, body, context = anybody) {
      allow('update', target.subresource)
      return update(served, target, body, context)
    },
    async patch(target, type, bytes, context = anybody) {
      allow('patch', target.subresource)
      return patch(served, target, type, bytes, context)
    },
    async delete(target, options = {}, context = anybody) {
      allow('delete', target.subresource)
      return remove(served, target, options, context)
    },
    async deleteCollection(options, deletion = {}, context = anybody) {
      allow('deletecollection')
      return deleteCollection(served, options, deletion, context)
    },
    async updateStatuses(bodies, context = anybody) {
      allow('update', 'status')
      return updateStatuses(served, bodies, context)
    },
  }
}
