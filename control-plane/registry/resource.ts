// One resource's verbs, put together. Each lives in its own file under verbs/.
import { StatusError } from '../../api/errors.ts'
import type { Subresource, Verb } from '../../api/kinds/kind.ts'
import type { Encoded, RequestContext, Resource, Target } from './contract.ts'
import { act } from './verbs/action.ts'
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
import { attributesOf } from './verbs/write.ts'

const anybody: RequestContext = {}

/** @param subresources those that have a function in this build */
export function serveResource(served: Served, subresources: readonly Subresource[]): Resource {
  const { kind, strategy, admission } = served

  /** @throws StatusError 404 or 405 when the path has no such verb */
  function allow(verb: Verb, name = ''): Subresource | undefined {
    if (name === '') {
      if (!kind.verbs.includes(verb)) throw StatusError.methodNotAllowed(kind, verb)
      return undefined
    }
    const subresource = subresources.find(candidate => candidate.name === name)
    if (subresource === undefined) throw StatusError.noSuchResource()
    if (!subresource.verbs.includes(verb)) {
      throw StatusError.methodNotAllowed({ group: kind.group, resource: `${kind.resource}/${name}` }, verb)
    }
    return subresource
  }

  /** A stream is not answered by a verb: the doors open it. */
  function allowUnary(verb: Verb, name?: string): void {
    if (allow(verb, name)?.is === 'connect') throw StatusError.noSuchResource()
  }

  return {
    kind,
    subresources,
    async get(target, version = {}, context = anybody) {
      allowUnary('get', target.subresource)
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
      const subresource = allow('create', target.subresource)
      const action = strategy.actions?.[target.subresource ?? '']
      if (action === undefined) return create(served, target, body, context)
      return act(served, subresource?.is === 'action' ? subresource.body : kind, action, target, body, context)
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
    async connect(target: Target, context = anybody): Promise<Encoded> {
      const subresource = subresources.find(({ name }) => name === target.subresource)
      if (subresource?.is !== 'connect') throw StatusError.noSuchResource()
      // To read a log is a get like any other, which nobody admits.
      if (subresource.verbs.includes('connect')) {
        const attributes = attributesOf({ served, target, context, operation: 'connect', warnings: [] }, {})
        await admission.mutate(attributes)
        await admission.validate(attributes)
      }
      return get(served, { namespace: target.namespace, name: target.name }, {}, context)
    },
  }
}
