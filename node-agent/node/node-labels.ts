// The labels of --node-labels. Administrators steer workloads to machines they trust by labels in Kubernetes' own
// domains, so a machine gives itself only those that describe it; the server refuses the rest
// (https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction).
import { labelValueErrors, qualifiedNameErrors } from '../../api/values/names.ts'

/** In Kubernetes' domains, what describes the machine. */
const ownLabels = [
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/instance-type',
  'beta.kubernetes.io/os',
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'kubernetes.io/arch',
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'node.kubernetes.io/instance-type',
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
]

/** Domains in Kubernetes' domains whose labels, and those of their subdomains, are a node's to set. */
const ownDomains = ['kubelet.kubernetes.io', 'node.kubernetes.io']

const kubernetesDomains = ['kubernetes.io', 'k8s.io']

/** What is wrong with a label that a node is to register with, and what would do; undefined: nothing. */
export function nodeLabelError(key: string, value: string): string | undefined {
  const [malformed] = [...qualifiedNameErrors(key), ...labelValueErrors(value)]
  if (malformed !== undefined) return malformed
  const domain = key.slice(0, Math.max(0, key.indexOf('/')))
  if (!isWithin(domain, kubernetesDomains) || isWithin(domain, ownDomains) || ownLabels.includes(key)) return undefined
  return (
    `a node may not give itself the label "${key}"; of the domains kubernetes.io and k8s.io it may set those in ` +
    `${ownDomains.join(' and ')}, and ${ownLabels.join(', ')}; have an administrator set others on the Node`
  )
}

const isWithin = (domain: string, parents: readonly string[]): boolean =>
  parents.some(parent => domain === parent || domain.endsWith(`.${parent}`))
