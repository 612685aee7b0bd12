// nftables through libnftables: one call is one transaction. Rules are given as text (nft(8)); answers come as JSON
// (libnftables-json(5)).
import koffi from 'koffi'

const NFT_CTX_OUTPUT_JSON = 1 << 4

/** The library is a shared object of the system's, not ours. */
class NftablesMissingError extends Error {
  constructor(cause: unknown) {
    super('libnftables is not installed: on Debian and Ubuntu, apt-get install libnftables1', { cause })
    this.name = 'NftablesMissingError'
  }
}

class NftablesError extends Error {
  constructor(message: string) {
    super(`nftables: ${message}`)
    this.name = 'NftablesError'
  }
}

interface Library {
  create(flags: number): bigint
  free(context: bigint): void
  setOutputFlags(context: bigint, flags: number): void
  bufferOutput(context: bigint): number
  bufferError(context: bigint): number
  run(context: bigint, text: string): number
  output(context: bigint): string
  error(context: bigint): string
}

let loaded: Library | undefined

function load(): Library {
  if (loaded !== undefined) return loaded
  let lib: ReturnType<typeof koffi.load>
  try {
    lib = koffi.load('libnftables.so.1')
  } catch (error) {
    throw new NftablesMissingError(error)
  }
  const context = 'void *'
  loaded = {
    create: lib.func('nft_ctx_new', context, ['uint32_t']),
    free: lib.func('nft_ctx_free', 'void', [context]),
    setOutputFlags: lib.func('nft_ctx_output_set_flags', 'void', [context, 'uint']),
    bufferOutput: lib.func('nft_ctx_buffer_output', 'int', [context]),
    bufferError: lib.func('nft_ctx_buffer_error', 'int', [context]),
    run: lib.func('nft_run_cmd_from_buffer', 'int', [context, 'str']),
    output: lib.func('nft_ctx_get_output_buffer', 'str', [context]),
    error: lib.func('nft_ctx_get_error_buffer', 'str', [context]),
  }
  return loaded
}

/**
 * Runs commands, a line each, as one transaction in the calling thread's network namespace. Answers what `list` commands
 * found. Throws NftablesError with the library's words, NftablesMissingError.
 */
export function nft(commands: string): readonly unknown[] {
  const library = load()
  const context = library.create(0)
  try {
    library.bufferOutput(context)
    library.bufferError(context)
    // With JSON for output the library would expect it for input too, in all but its newest releases.
    const listing = commands.startsWith('list ')
    if (listing) library.setOutputFlags(context, NFT_CTX_OUTPUT_JSON)
    if (library.run(context, commands) !== 0) throw new NftablesError(library.error(context).trim())
    const output = listing ? library.output(context) : ''
    if (output === '') return []
    const answer = JSON.parse(output) as { readonly nftables?: readonly unknown[] }
    return answer.nftables ?? []
  } finally {
    library.free(context)
  }
}
