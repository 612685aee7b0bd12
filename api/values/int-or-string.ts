// Values that are a number or a string: ports by number or name, counts by number or percentage.

export type IntOrString = number | string

/**
 * A count, or a percentage of a total.
 * @param round where a percentage does not come out even
 * @returns undefined when a string is no percentage
 */
export function scaledValue(value: IntOrString, total: number, round: 'up' | 'down'): number | undefined {
  if (typeof value === 'number') return value
  const match = /^([+-]?\d+)%$/.exec(value)
  if (match === null) return undefined
  const share = (Number(match[1]) * total) / 100
  return round === 'up' ? Math.ceil(share) : Math.floor(share)
}

interface NamedPort {
  name?: string
  containerPort: number
}

/** The number of a port given by number or by the name of one of the ports; undefined when there is none of that name. */
export function portNumber(port: IntOrString, ports: readonly NamedPort[]): number | undefined {
  if (typeof port === 'number') return port
  return ports.find(candidate => candidate.name === port)?.containerPort
}
