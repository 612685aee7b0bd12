// A registry on some store, and the objects its tests make.
import assert from 'node:assert/strict'
import { isStatus, type StatusError } from '../../api/errors.ts'
import type { ApiObject, WatchEvent, WatchOptions } from '../../control-plane/registry/contract.ts'
import {
  createRegistry,
  type Registry,
  type RegistryOptions,
  type Resource,
} from '../../control-plane/registry/registry.ts'
import type { Store } from '../../control-plane/store/store.ts'
import { systemClock } from '../../lib/clock.ts'
import { silentLogger } from '../../lib/logger.ts'

export type Fields = Record<string, unknown>

/** The bytes a client would send. */
export const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

let namespaces = 0

export class RegistryFixture {
  readonly registry: Registry
  readonly store: Store
  readonly #controller: AbortController

  private constructor(registry: Registry, store: Store, controller: AbortController) {
    this.registry = registry
    this.store = store
    this.#controller = controller
  }

  static async open(store: Store, options: Partial<RegistryOptions> = {}): Promise<RegistryFixture> {
    const controller = new AbortController()
    const registry = await createRegistry({
      store,
      clock: systemClock,
      logger: silentLogger,
      signal: controller.signal,
      ...options,
    })
    return new RegistryFixture(registry, store, controller)
  }

  /** Ends the registry; the store stays open. */
  close(): void {
    this.#controller.abort()
  }

  of(resource: string): Resource {
    const group = resource === 'leases' ? 'coordination.k8s.io' : ''
    const found = this.registry.resource(group, 'v1', resource)
    assert.ok(found, `${resource} are not served`)
    return found
  }

  /** A namespace of the test's own. */
  async namespace(): Promise<string> {
    const name = `test-${process.pid}-${++namespaces}`
    await this.of('namespaces').create({ namespace: '', name }, { metadata: { name } })
    return name
  }

  async create(resource: string, namespace: string, object: Fields): Promise<ApiObject> {
    return asObject((await this.of(resource).create({ namespace, name: '' }, object)).object)
  }

  async get(resource: string, namespace: string, name: string): Promise<ApiObject> {
    return (await this.of(resource).get({ namespace, name })).object
  }

  async names(resource: string, options: Parameters<Resource['list']>[0]): Promise<string[]> {
    const { items } = await this.of(resource).list(options)
    return items.map(({ object }) => object.metadata.name)
  }
}

export function asObject(object: { readonly kind: string }): ApiObject {
  assert.notEqual(object.kind, 'Status')
  return object as ApiObject
}

export const configMap = (name: string, data: Fields = { key: 'value' }, metadata: Fields = {}): Fields => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  data,
})

export const pod = (name: string, spec: Fields = {}, metadata: Fields = {}): Fields => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...metadata },
  spec: { containers: [{ name: 'main', image: 'busybox:1.36' }], ...spec },
})

export const service = (name: string, spec: Fields = {}): Fields => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { ports: [{ port: 80 }], ...spec },
})

/** The fields of an object, for tests that look at some of them. */
export function fields(object: object): Fields {
  return object as Fields
}

/** A field at a path, as `spec.containers`. */
export function at(object: object, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, step) => (typeof value === 'object' && value !== null ? fields(value)[step] : undefined),
      object,
    )
}

/** The Status a promise is rejected with. */
export async function refusal(promise: Promise<unknown>, reason: StatusError['reason']): Promise<StatusError> {
  const thrown: unknown = await promise.then(
    () => assert.fail(`should be refused as ${reason}`),
    (error: unknown) => error,
  )
  assert.ok(isStatus(thrown, reason), `should be refused as ${reason}, not: ${String(thrown)}`)
  return thrown
}

/** Takes events of a watch until told that it is enough. */
export class Watching {
  readonly events: WatchEvent[] = []
  readonly #controller = new AbortController()
  readonly #done: Promise<void>
  #waiting: (() => void) | undefined
  #ended = false

  private constructor(batches: AsyncIterable<readonly WatchEvent[]>) {
    this.#done = this.#take(batches)
  }

  static async start(resource: Resource, options: WatchOptions): Promise<Watching> {
    const controller = new AbortController()
    const watching = new Watching(await resource.watch(options, { signal: controller.signal }))
    watching.#controller.signal.addEventListener('abort', () => controller.abort())
    return watching
  }

  get ended(): boolean {
    return this.#ended
  }

  /** Waits for so many events and answers them all as `TYPE name`. */
  async until(enough: (events: readonly WatchEvent[]) => boolean): Promise<string[]> {
    const timeout = AbortSignal.timeout(30_000)
    while (!enough(this.events)) {
      assert.ok(!timeout.aborted && !this.#ended, `the watch has only seen ${this.told().join(', ')}`)
      await new Promise<void>(resolve => {
        this.#waiting = resolve
        timeout.addEventListener('abort', () => resolve(), { once: true })
      })
    }
    return this.told()
  }

  count(count: number): Promise<string[]> {
    return this.until(events => events.length >= count)
  }

  told(): string[] {
    return this.events.map(({ type, object }) => `${type} ${object.metadata.name}`)
  }

  async stop(): Promise<void> {
    this.#controller.abort()
    await this.#done
  }

  async #take(batches: AsyncIterable<readonly WatchEvent[]>): Promise<void> {
    for await (const batch of batches) {
      this.events.push(...batch)
      this.#waiting?.()
    }
    this.#ended = true
    this.#waiting?.()
  }
}
