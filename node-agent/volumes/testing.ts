// For tests of volumes: folders, API objects, and a reader.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import type { ConfigMap } from '../../api/kinds/core-v1/config-map.ts'
import type { Secret } from '../../api/kinds/core-v1/secret.ts'
import type { Volume } from '../../api/kinds/core-v1/volumes.ts'
import { unmountBelow } from './mount.ts'
import type { Payload, PayloadFile } from './payload.ts'
import type { VolumePod, VolumeSources } from './volume.ts'

/** For tests that mount something. */
export const skip = process.getuid?.() === 0 ? false : 'needs root'

/** Gone when the test ends, with what is mounted in it. */
export function folder(t: TestContext): string {
  const made = mkdtempSync(path.join(os.tmpdir(), 'volumes-'))
  t.after(() => {
    unmountBelow(made)
    rmSync(made, { recursive: true, force: true })
  })
  return made
}

export const file = (text: string, mode = 0o644): PayloadFile => ({ data: Buffer.from(text), mode })

export const payload = (files: Record<string, string>): Payload =>
  new Map(Object.entries(files).map(([name, text]) => [name, file(text)]))

/** What a reader finds, by path. */
export function contents(directory: string, prefix = ''): Record<string, string> {
  const found: Record<string, string> = {}
  for (const name of readdirSync(directory)) {
    if (prefix === '' && name.startsWith('..')) continue
    const at = path.join(directory, name)
    if (statSync(at).isDirectory()) Object.assign(found, contents(at, `${prefix}${name}/`))
    else found[prefix + name] = readFileSync(at, 'utf8')
  }
  return found
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

const configMap: ConfigMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {},
  data: { k: 'v' },
  binaryData: { b: base64('bin') },
}
const secret: Secret = { apiVersion: 'v1', kind: 'Secret', metadata: {}, data: { pw: base64('hush'), k: base64('s') } }

/** A ConfigMap named cfg, a Secret named sec, and a pod that tells what it is asked. */
export const sources = (more: Partial<VolumeSources> = {}): VolumeSources => ({
  configMap: (_, name) => Promise.resolve(name === 'cfg' ? configMap : undefined),
  secret: (_, name) => Promise.resolve(name === 'sec' ? secret : undefined),
  field: fieldPath => `<${fieldPath}>`,
  resource: (container, resource) => `${container}/${resource}`,
  memoryBytes: 1 << 30,
  ...more,
})

/** A pod whose one container mounts all of its volumes. */
export const podWith = (...volumes: Volume[]): VolumePod => ({
  uid: 'u1',
  namespace: 'default',
  spec: {
    volumes,
    containers: [
      { name: 'main', resources: {}, volumeMounts: volumes.map(({ name }) => ({ name, mountPath: `/${name}` })) },
    ],
  },
})

/** Permission bits, with set-ID and sticky bits; of what a link leads to. */
export const modeOf = (at: string): number => statSync(at).mode & 0o7777
