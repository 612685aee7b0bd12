// By which name a writer is known in the record of field managers.

const maxBytes = 128

/**
 * What the request says, else what the client calls itself, up to the first slash: `kubectl/v1.36.0 (linux/amd64)` is
 * `kubectl` (as managerOrUserAgent in k8s.io/apiserver has it).
 */
export function managerOf(fieldManager: string | undefined, userAgent: string | undefined): string {
  if (fieldManager !== undefined && fieldManager !== '') return fieldManager
  const [program = ''] = (userAgent ?? '').split('/')
  let name = ''
  for (const character of program) {
    if (!/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character)) continue
    if (Buffer.byteLength(name + character) > maxBytes) break
    name += character
  }
  return name === '' ? 'unknown' : name
}
