// Which pods are bound to which node, and what they refer to: the node rules' memory, fed with every pod.
import type { Pod } from '../../api/kinds/core-v1/pod.ts'
import { podReferences } from '../../api/kinds/core-v1/pod-references.ts'
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
    this.#nodes.set(node, pods.set(key, new Set(podReferences(pod))))
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
