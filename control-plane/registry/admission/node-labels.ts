// Which labels a node may give itself: https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction

/** Labels of Kubernetes' own that describe the machine, which its agent knows best. */
const ownLabels = new Set([
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
])

type Labels = Readonly<Record<string, string>>

/**
 * The labels that differ and that a node must not touch, sorted: by them administrators steer workloads to machines
 * they trust, so a machine must not be able to claim them.
 */
export function forbiddenLabels(wanted: Labels = {}, current: Labels = {}): string[] {
  const changed = [...new Set([...Object.keys(wanted), ...Object.keys(current)])].filter(key => {
    return valueOf(wanted, key) !== valueOf(current, key)
  })
  return changed.filter(key => !isNodesOwn(key)).sort()
}

const valueOf = (labels: Labels, key: string): string | undefined =>
  Object.hasOwn(labels, key) ? labels[key] : undefined

/** Everything outside Kubernetes' domains; within them only what is listed, and what is set apart for agents. */
function isNodesOwn(key: string): boolean {
  const slash = key.indexOf('/')
  const domain = slash < 0 ? '' : key.slice(0, slash)
  if (isWithin(domain, 'node-restriction.kubernetes.io')) return false
  if (!isWithin(domain, 'kubernetes.io') && !isWithin(domain, 'k8s.io')) return true
  return ownLabels.has(key) || isWithin(domain, 'kubelet.kubernetes.io') || isWithin(domain, 'node.kubernetes.io')
}

const isWithin = (domain: string, parent: string): boolean => domain === parent || domain.endsWith(`.${parent}`)
