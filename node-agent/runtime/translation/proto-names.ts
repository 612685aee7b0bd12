/** Fields whose values are maps of the client's own keys. */
const maps = new Set(['labels', 'annotations', 'sysctls', 'unified'])
/** Fields that the contract itself names in its own way. */
const irregular: Readonly<Record<string, string>> = {
  uidMappings: 'uidMappings',
  gidMappings: 'gidMappings',
  CDIDevices: 'CDI_devices',
}

/** A message of CRI as JSON with the contract's own field names: `logDirectory` as `log_directory`. */
export function protoNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(protoNames)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [
      irregular[key] ?? key.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`),
      maps.has(key) ? field : protoNames(field),
    ]),
  )
}
