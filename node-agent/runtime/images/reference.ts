// Names of images as the store keeps them: with registry and tag spelt out.
import { type ImageReference, ImageReferenceError, parseImageReference } from '../../../api/values/image-reference.ts'
import { ImageError } from './errors.ts'

/** Parses and completes a reference. @throws ImageError `invalid` saying what is wrong */
export function parseReference(text: string): ImageReference {
  try {
    return parseImageReference(text)
  } catch (error) {
    if (!(error instanceof ImageReferenceError)) throw error
    const message = `couldn't parse image name ${JSON.stringify(text)}: ${error.message}`
    throw new ImageError('invalid', message, { cause: error })
  }
}

/** The canonical text of a reference by tag: `docker.io/library/busybox:latest`. */
export function tagReference(reference: ImageReference): string {
  return `${reference.repository}:${reference.tag ?? 'latest'}`
}

/** Whether the text is an image's ID, or a prefix of one at least 12 digits long: `sha256:` may be left out. */
export function asImageIdPrefix(text: string): string | undefined {
  const match = /^(?:sha256:)?([a-f0-9]{12,64})$/.exec(text)
  return match?.[1]
}
