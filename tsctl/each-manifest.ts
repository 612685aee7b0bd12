// What apply and create have in common: every manifest is checked before the first one is sent, and one that is
// refused does not keep the others back.
import { StatusError } from '../api/errors.ts'
import type { Context } from './context.ts'
import { UsageError } from './errors.ts'
import { kindOf, namespaceOf } from './manifest-kind.ts'
import type { Manifest } from './manifests.ts'
import type { ResourceType } from './resource-types.ts'

export interface PlacedManifest {
  readonly manifest: Manifest
  readonly kind: ResourceType
  readonly namespace: string | undefined
}

/**
 * @param send does it; answers the line to print
 * @param participle for the summary when some were refused: `applied`
 */
export async function eachManifest(
  context: Context,
  manifests: readonly Manifest[],
  send: (placed: PlacedManifest) => Promise<string>,
  participle: string,
): Promise<void> {
  const types = await context.types()
  const placed = manifests.map(manifest => {
    const kind = kindOf(types, manifest)
    return { manifest, kind, namespace: namespaceOf(manifest, kind, context) }
  })
  let refused = 0
  for (const each of placed) {
    try {
      context.stdout.write(`${await send(each)}\n`)
    } catch (error) {
      if (!(error instanceof StatusError) || placed.length === 1) throw error
      refused++
      context.stderr.write(`${each.manifest.source}: ${error.message}\n`)
    }
  }
  if (refused > 0) throw new UsageError(`${refused} of ${placed.length} objects could not be ${participle}`)
}
