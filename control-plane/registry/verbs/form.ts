// In which form an object is read and written: as itself, or as a view of it (status, scale), each in the version that
// is addressed.
import { StatusError } from '../../../api/errors.ts'
import type { KubernetesObject } from '../../../api/kinds/kind.ts'
import type { BodyKind, View } from '../../../api/kinds/subresource.ts'
import { encode, encoded } from '../cache/codec.ts'
import type { ApiObject, Encoded, Target } from '../contract.ts'
import type { Served } from './served.ts'

export interface Form {
  /** Undefined: the object itself. */
  readonly view: View<KubernetesObject> | undefined
  /** What bodies are. */
  readonly body: BodyKind
  setDefaults(body: KubernetesObject): void
  /** Rules of the body by itself; the object's come later. @throws StatusError 422 */
  check(body: KubernetesObject): void
  /** What a body makes of the stored object: never written into. */
  apply(stored: ApiObject, body: KubernetesObject): KubernetesObject
  /** What of the stored object a client sees. */
  read(stored: ApiObject): KubernetesObject
}

const forms = new WeakMap<Served, Map<string, Form>>()

/** @throws StatusError 404 when there is no such view */
export function formOf(served: Served, { subresource = '' }: Target): Form {
  const known = forms.get(served) ?? new Map<string, Form>()
  forms.set(served, known)
  let form = known.get(subresource)
  if (form === undefined) known.set(subresource, (form = makeForm(served, subresource)))
  return form
}

function makeForm({ kind, storage, version }: Served, subresource: string): Form {
  const own = {
    body: kind,
    setDefaults: (body: KubernetesObject) => kind.setDefaults(body),
    check: () => {},
  }
  if (subresource === '') {
    return {
      ...own,
      view: undefined,
      apply: (_, body) => version.toStorage(body),
      read: stored => version.fromStorage(stored),
    }
  }
  const view = storage.subresources.find(({ name }) => name === subresource)
  if (view?.is !== 'view') throw StatusError.noSuchResource()
  const { body } = view
  if (body === undefined) {
    return {
      ...own,
      view,
      apply: (stored, sent) => view.apply(stored, version.toStorage(sent)),
      read: stored => version.fromStorage(view.read?.(stored) ?? stored),
    }
  }
  return {
    view,
    body,
    setDefaults: sent => body.setDefaults(sent),
    check(sent) {
      const errors = body.validate(sent)
      if (errors.length > 0) throw StatusError.invalid(body, sent.metadata.name ?? '', errors)
    },
    apply: (stored, sent) => view.apply(stored, sent),
    read: stored => view.read?.(stored) ?? stored,
  }
}

/** A stored object in that form, as it goes out. */
export function shown({ view }: Form, { version }: Served, stored: Encoded): Encoded {
  if (view?.read === undefined) return version.present(stored)
  const { resourceVersion } = stored.object.metadata
  const body = view.read(stored.object)
  const answer = encoded(body, encode(body), resourceVersion)
  return view.body === undefined ? version.present(answer) : answer
}
