// Which pods are bound to which node, and what they refer to: the node rules' memory, fed with every pod.
import type { Container, EphemeralContainer, Pod, Volume } from '../../api/kinds/core-v1.ts'
import type { NodeReferences } from './node-rules.ts'

type PodObject = Readonly<Pod>

export class NodeGraph implements NodeReferences {
  /** By node: by `namespace/name` of the pod, what it refers to as `resource/name`. */
  readonly #nodes = new Map<string, Map<string, ReadonlySet<string>>>()
  /** By pod: the node it is bound to. */
  readonly #bound = new Map<string, string>()

  /** Takes a pod as it now is. */
  set(pod: PodObject): void {
    const key = podKey(pod)
    const node = pod.spec.nodeName ?? ''
    if (this.#bound.get(key) !== node) this.#forget(key)
    if (node === '') return
    this.#bound.set(key, node)
    const pods = this.#nodes.get(node) ?? new Map<string, ReadonlySet<string>>()
    this.#nodes.set(node, pods.set(key, new Set(references(pod))))
  }

  remove(pod: PodObject): void {
    this.#forget(podKey(pod))
  }

  /** Forgets everything: what is there is set anew. */
  clear(): void {
    this.#nodes.clear()
    this.#bound.clear()
  }

  hasPod(node: string, namespace: string, name: string): boolean {
    return this.#bound.get(`${namespace}/${name}`) === node
  }

  refers(node: string, resource: string, namespace: string, name: string): boolean {
    for (const [pod, targets] of this.#nodes.get(node) ?? []) {
      if (pod.startsWith(`${namespace}/`) && targets.has(`${resource}/${name}`)) return true
    }
    return false
  }

  #forget(key: string): void {
    const node = this.#bound.get(key)
    if (node === undefined) return
    this.#bound.delete(key)
    const pods = this.#nodes.get(node)
    pods?.delete(key)
    if (pods?.size === 0) this.#nodes.delete(node)
  }
}

const podKey = ({ metadata }: PodObject): string => `${metadata.namespace ?? ''}/${metadata.name ?? ''}`

/** Everything in its namespace that a pod's node has to read, as `resource/name`. */
function* references({ spec }: PodObject): Generator<string> {
  for (const { name } of spec.imagePullSecrets ?? []) if (name) yield `secrets/${name}`
  const containers = [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])]
  for (const container of containers) yield* containerReferences(container)
  for (const volume of spec.volumes ?? []) yield* volumeReferences(volume)
}

function* containerReferences({ env, envFrom }: Readonly<Container | EphemeralContainer>): Generator<string> {
  for (const { valueFrom } of env ?? []) {
    if (valueFrom?.configMapKeyRef?.name) yield `configmaps/${valueFrom.configMapKeyRef.name}`
    if (valueFrom?.secretKeyRef?.name) yield `secrets/${valueFrom.secretKeyRef.name}`
  }
  for (const { configMapRef, secretRef } of envFrom ?? []) {
    if (configMapRef?.name) yield `configmaps/${configMapRef.name}`
    if (secretRef?.name) yield `secrets/${secretRef.name}`
  }
}

function* volumeReferences(volume: Readonly<Volume>): Generator<string> {
  if (volume.configMap?.name) yield `configmaps/${volume.configMap.name}`
  if (volume.secret?.secretName) yield `secrets/${volume.secret.secretName}`
  for (const { configMap, secret } of volume.projected?.sources ?? []) {
    if (configMap?.name) yield `configmaps/${configMap.name}`
    if (secret?.name) yield `secrets/${secret.name}`
  }
  if (volume.csi?.nodePublishSecretRef?.name) yield `secrets/${volume.csi.nodePublishSecretRef.name}`
  if (volume.persistentVolumeClaim) yield `persistentvolumeclaims/${volume.persistentVolumeClaim.claimName}`
}
