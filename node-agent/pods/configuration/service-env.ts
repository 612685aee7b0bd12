// Variables that name the services a container can reach.
// https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
import type { Service } from '../../../api/kinds/core-v1/service.ts'

/**
 * The variables of every service of the pod's namespace (where service links are enabled), and always of the API's own.
 * @param services all that are known, of any namespace
 */
export function serviceEnvironment(
  services: Iterable<Service>,
  namespace: string,
  serviceLinks: boolean,
): Map<string, string> {
  const chosen = new Map<string, Service>()
  for (const service of services) {
    const { name = '', namespace: home } = service.metadata
    const { clusterIP = '' } = service.spec
    if (clusterIP === '' || clusterIP === 'None') continue
    const isApi = name === 'kubernetes' && home === 'default'
    // A service of the pod's own namespace comes before the API's of the same name.
    if (serviceLinks && home === namespace) chosen.set(name, service)
    else if (isApi && !chosen.has(name)) chosen.set(name, service)
  }
  return new Map([...chosen.values()].flatMap(variablesOf))
}

function variablesOf({ metadata, spec }: Service): [string, string][] {
  const prefix = (metadata.name ?? '').toUpperCase().replaceAll('-', '_')
  const { clusterIP = '', ports = [] } = spec
  const [first] = ports
  if (first === undefined) return []
  const address = clusterIP.includes(':') ? `[${clusterIP}]` : clusterIP
  const url = ({ port, protocol = 'TCP' }: (typeof ports)[number]): string =>
    `${protocol.toLowerCase()}://${address}:${port}`
  const variables: [string, string][] = [
    [`${prefix}_SERVICE_HOST`, clusterIP],
    [`${prefix}_SERVICE_PORT`, String(first.port)],
    [`${prefix}_PORT`, url(first)],
  ]
  for (const port of ports) {
    const { protocol = 'TCP' } = port
    if (port.name) {
      variables.push([`${prefix}_SERVICE_PORT_${port.name.toUpperCase().replaceAll('-', '_')}`, String(port.port)])
    }
    const link = `${prefix}_PORT_${port.port}_${protocol.toUpperCase()}`
    variables.push(
      [link, url(port)],
      [`${link}_PROTO`, protocol.toLowerCase()],
      [`${link}_PORT`, String(port.port)],
      [`${link}_ADDR`, clusterIP],
    )
  }
  return variables
}
