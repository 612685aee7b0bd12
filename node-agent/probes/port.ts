import type { Container } from '../../api/kinds/core-v1/container.ts'
import { goQuote } from '../../lib/go-quote.ts'

/** The number of an action's port, which may be the name of one of the container's. @throws Error in the kubelet's words */
export function containerPort(port: number | string, { ports = [] }: Pick<Container, 'ports'>): number {
  const found = typeof port === 'number' ? port : (ports.find(({ name }) => name === port)?.containerPort ?? atoi(port))
  if (found > 0 && found < 65_536) return found
  throw new Error(`invalid port number: ${found}`)
}

function atoi(text: string): number {
  if (/^[+-]?\d+$/.test(text)) return Number(text)
  throw new Error(`strconv.Atoi: parsing ${goQuote(text)}: invalid syntax`)
}
