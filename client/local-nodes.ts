// The nodes that are on this machine, each with its cluster and its runtime's socket, as their agents tell it. What only a
// node has, its images, is asked of its runtime and not of the API; and whoever asks means the node of some cluster.
// A record stands beside the runtime's socket, in a folder of /run, and goes when the machine does.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'

export interface LocalNode {
  readonly nodeName: string
  readonly runtimeSocket: string
}

interface NodeRecord extends LocalNode {
  /** Which cluster: SHA-256 of each certificate that its CA's PEM holds. */
  readonly clusterCa: readonly string[]
}

const recordName = 'node.json'

/** @param ca PEM, as the cluster's kubeconfigs have it */
export function recordLocalNode(node: LocalNode, ca: Buffer): void {
  const file = path.join(path.dirname(node.runtimeSocket), recordName)
  const record: NodeRecord = { ...node, clusterCa: fingerprints(ca) }
  writeFileSync(`${file}.new`, `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

/**
 * Those whose records can be read, which takes root.
 * @param ca of one cluster; without it the nodes of all clusters
 */
export function localNodes(ca?: Buffer, run = '/run'): LocalNode[] {
  const wanted = ca && new Set(fingerprints(ca))
  return readdirSync(run)
    .flatMap(folder => readRecord(path.join(run, folder, recordName)) ?? [])
    .filter(({ clusterCa }) => !wanted || clusterCa.some(fingerprint => wanted.has(fingerprint)))
    .map(({ nodeName, runtimeSocket }) => ({ nodeName, runtimeSocket }))
}

function readRecord(file: string): NodeRecord | undefined {
  let record: unknown
  try {
    record = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    // No such file, not ours to read, or somebody else's.
    return undefined
  }
  if (typeof record !== 'object' || record === null) return undefined
  const { nodeName, runtimeSocket, clusterCa } = record as Partial<Record<keyof NodeRecord, unknown>>
  if (typeof nodeName !== 'string' || typeof runtimeSocket !== 'string' || !Array.isArray(clusterCa)) return undefined
  return { nodeName, runtimeSocket, clusterCa: clusterCa.map(String) }
}

function fingerprints(pem: Buffer): string[] {
  const blocks = pem.toString('latin1').matchAll(/-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/g)
  return [...blocks].map(([, base64 = '']) => createHash('sha256').update(Buffer.from(base64, 'base64')).digest('hex'))
}
