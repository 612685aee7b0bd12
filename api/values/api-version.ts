// Versions of an API group: which one is preferred.
// https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/#version-priority

const stages = ['alpha', 'beta', '']

/** v2, v1, v1beta2, v1beta1, v1alpha1, then whatever else, by name: negative when `a` is preferred. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [rank(a), rank(b)]
  for (const [index, value] of left.entries()) {
    const difference = (right[index] ?? 0) - value
    if (difference !== 0) return difference
  }
  return a < b ? -1 : a > b ? 1 : 0
}

function rank(version: string): [stage: number, major: number, minor: number] {
  const [, major, stage = '', minor = '0'] = /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/.exec(version) ?? []
  return major === undefined ? [-1, 0, 0] : [stages.indexOf(stage), Number(major), Number(minor)]
}
