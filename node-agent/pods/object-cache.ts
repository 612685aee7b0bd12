// The ConfigMaps and Secrets that the pods of this node name, each kept current by a watch of its own as long as a pod
// names it: so a pod's start asks nothing that is known already, and a change reaches mounted files at once.
import { type ConfigMap, configMaps } from '../../api/kinds/core-v1/config-map.ts'
import { type Secret, secrets } from '../../api/kinds/core-v1/secret.ts'
import type { Kind, KubernetesObject } from '../../api/kinds/kind.ts'
import type { Client } from '../../client/client.ts'
import { Informer } from '../../client/informer.ts'
import { appContainers, initContainers, type Pod } from './planning/situation.ts'

/** How long a pod's start waits for the API to tell. */
const answerMs = 10_000

interface Followed {
  readonly stop: AbortController
  readonly pods: Set<string>
  readonly ready: Promise<void>
  find(): unknown
}

export class ObjectCache {
  readonly #client: Client
  readonly #onChange: (uids: readonly string[]) => void
  readonly #followed = new Map<string, Followed>()

  /** @param onChange which pods name what changed */
  constructor(client: Client, onChange: (uids: readonly string[]) => void) {
    this.#client = client
    this.#onChange = onChange
  }

  /** What a pod names, ready to be asked for. */
  sourcesFor(uid: string) {
    return {
      configMap: (namespace: string, name: string): Promise<ConfigMap | undefined> =>
        this.#get(configMaps, uid, namespace, name),
      secret: (namespace: string, name: string): Promise<Secret | undefined> =>
        this.#get(secrets, uid, namespace, name),
    }
  }

  /** Begins to follow what a pod names, ahead of its asking. */
  follow(pod: Pod): void {
    const { uid, namespace = '' } = pod.metadata
    const { configMapNames, secretNames } = referencesOf(pod)
    for (const name of configMapNames) this.#follow(configMaps, uid, namespace, name)
    for (const name of secretNames) this.#follow(secrets, uid, namespace, name)
  }

  /** The pod is gone: what no other pod names is no longer followed. */
  release(uid: string): void {
    for (const [key, { pods, stop }] of this.#followed) {
      if (!pods.delete(uid) || pods.size > 0) continue
      stop.abort()
      this.#followed.delete(key)
    }
  }

  close(): void {
    for (const { stop } of this.#followed.values()) stop.abort()
    this.#followed.clear()
  }

  async #get<T extends KubernetesObject>(kind: Kind<T>, uid: string, namespace: string, name: string) {
    const followed = this.#follow(kind, uid, namespace, name)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const what = `${kind.singular} "${name}"`
        reject(new Error(`timed out waiting for the API to tell of ${what}; the node agent may lack access to it`))
      }, answerMs)
    })
    try {
      await Promise.race([followed.ready, late])
    } finally {
      clearTimeout(timer)
    }
    return followed.find() as T | undefined
  }

  #follow<T extends KubernetesObject>(kind: Kind<T>, uid: string, namespace: string, name: string): Followed {
    const key = `${kind.resource}/${namespace}/${name}`
    let followed = this.#followed.get(key)
    if (followed === undefined) {
      const informer = new Informer<T>(this.#client, kind, { namespace, fieldSelector: `metadata.name=${name}` })
      const stop = new AbortController()
      const pods = new Set<string>()
      // What is there at first is what the first asks for.
      const changed = (): void => {
        if (informer.hasSynced) this.#onChange([...pods])
      }
      informer.subscribe({ added: changed, updated: changed, deleted: changed })
      void informer.run(stop.signal)
      followed = { stop, pods, ready: informer.synced, find: () => informer.get(`${namespace}/${name}`) }
      this.#followed.set(key, followed)
    }
    followed.pods.add(uid)
    return followed
  }
}

/** The objects a pod's volumes and environments are made from, and its images are pulled with. */
function referencesOf(pod: Pod): { readonly configMapNames: Set<string>; readonly secretNames: Set<string> } {
  const configMapNames = new Set<string | undefined>()
  const secretNames = new Set<string | undefined>()
  for (const { envFrom = [], env = [] } of [...initContainers(pod), ...appContainers(pod)]) {
    for (const { configMapRef, secretRef } of envFrom) {
      configMapNames.add(configMapRef?.name)
      secretNames.add(secretRef?.name)
    }
    for (const { valueFrom } of env) {
      configMapNames.add(valueFrom?.configMapKeyRef?.name)
      secretNames.add(valueFrom?.secretKeyRef?.name)
    }
  }
  for (const { name } of pod.spec.imagePullSecrets ?? []) secretNames.add(name)
  for (const { configMap, secret, projected } of pod.spec.volumes ?? []) {
    configMapNames.add(configMap?.name)
    secretNames.add(secret?.secretName)
    for (const source of projected?.sources ?? []) {
      configMapNames.add(source.configMap?.name)
      secretNames.add(source.secret?.name)
    }
  }
  return { configMapNames: named(configMapNames), secretNames: named(secretNames) }
}

const named = (names: ReadonlySet<string | undefined>): Set<string> =>
  new Set([...names].flatMap(name => (name === undefined || name === '' ? [] : [name])))
