// Chain IDs: the names of stacks of layers. A layer's directory depends on the layers below it, so it is called by the
// whole stack. https://github.com/opencontainers/image-spec/blob/main/config.md#layer-chainid
import { type Digest, digestOf, isSha256, type Sha256 } from './digest.ts'

/** @param diffIds lowest first @returns for each layer the name of the stack that ends with it */
export function chainIds(diffIds: readonly Digest[]): Sha256[] {
  const chain: Sha256[] = []
  for (const diffId of diffIds) {
    const below = chain.at(-1)
    if (below !== undefined) chain.push(digestOf(Buffer.from(`${below} ${diffId}`)))
    // The specification names a single layer by its own digest; ours are sha256 whatever that is.
    else chain.push(isSha256(diffId) ? diffId : digestOf(Buffer.from(diffId)))
  }
  return chain
}
