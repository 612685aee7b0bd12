// Keys are UTF-8 and ordered by their bytes, as etcd and LMDB order them.

/** The first key (as bytes) after all keys that begin with the prefix; undefined when none can follow. */
export function prefixEnd(prefix: Uint8Array): Buffer | undefined {
  for (let last = prefix.length - 1; last >= 0; last--) {
    const byte = prefix[last] ?? 0
    if (byte < 0xff) {
      const end = Buffer.from(prefix.subarray(0, last + 1))
      end[last] = byte + 1
      return end
    }
  }
  return undefined
}

/** Where a list of the prefix begins: at `from`, when that lies behind the prefix's own beginning. */
export function rangeStart(prefix: string, from: string | undefined): Buffer {
  const first = Buffer.from(prefix)
  if (from === undefined) return first
  const wanted = Buffer.from(from)
  return Buffer.compare(wanted, first) > 0 ? wanted : first
}

/** Byte order; JavaScript's own string order differs from it beyond the basic plane. */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** LMDB takes 1978 bytes; a Kubernetes key has at most four names of 253. */
const maxKeyBytes = 1536

/** @throws RangeError when the key is empty or too long */
export function checkKey(key: string): void {
  const bytes = Buffer.byteLength(key)
  if (bytes === 0 || bytes > maxKeyBytes) {
    throw new RangeError(`a key must have 1 to ${maxKeyBytes} bytes, this one has ${bytes}: ${key.slice(0, 100)}`)
  }
}
