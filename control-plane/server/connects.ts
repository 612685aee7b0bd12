// The streams that both doors open, each `group/resource/subresource` of a kind's entry.

export const connects = ['core/pods/exec', 'core/pods/log'] as const

export type ConnectName = (typeof connects)[number]

/** The name of a stream by what a request addresses, if it is one. */
export function connectName(addressed: {
  readonly group: string
  readonly resource: string
  readonly subresource: string
}): ConnectName | undefined {
  const { group, resource, subresource } = addressed
  const name = `${group === '' ? 'core' : group}/${resource}/${subresource}`
  return connects.find(known => known === name)
}
