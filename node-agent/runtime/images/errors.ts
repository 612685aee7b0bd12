// What can go wrong with images, told for people, as a closed set that the CRI edge turns into gRPC codes.

/**
 * - `invalid`: what was given is wrong and stays wrong: a bad reference, archive, digest;
 * - `missing`: there is no such image here;
 * - `in-use`: the image cannot go while containers need it;
 * - `full`: the disk is full;
 * - `too-big`: the archive exceeds what this runtime accepts;
 * - `aborted`: the client went away or the runtime stops.
 */
export type ImageErrorCode = 'invalid' | 'missing' | 'in-use' | 'full' | 'too-big' | 'aborted'

export class ImageError extends Error {
  override readonly name = 'ImageError'
  readonly code: ImageErrorCode

  constructor(code: ImageErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Turns a full disk into an ImageError that names the folder; leaves other errors as they are. */
export function explainDiskError(error: unknown, folder: string): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') {
    const message = `the disk holding ${folder} is full: free some space (tsctl image rm removes images) and try again`
    return new ImageError('full', message, { cause: error })
  }
  return error
}
