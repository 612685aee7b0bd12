// Taints keep pods off a node, tolerations let them on it again
// (https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/).
import type { Taint, Toleration } from './affinity.ts'

/**
 * Whether a toleration covers a taint: an absent effect covers every effect, an absent key (with Exists) every key;
 * Gt and Lt compare integers.
 */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false
  if (toleration.key && toleration.key !== taint.key) return false
  const [wanted = '', has = ''] = [toleration.value, taint.value]
  switch (toleration.operator ?? 'Equal') {
    case 'Exists':
      return true
    case 'Equal':
      return Boolean(toleration.key) && wanted === has
    case 'Gt':
      return areIntegers(wanted, has) && BigInt(has) > BigInt(wanted)
    case 'Lt':
      return areIntegers(wanted, has) && BigInt(has) < BigInt(wanted)
  }
}

const areIntegers = (...texts: string[]): boolean => texts.every(text => /^-?\d+$/.test(text))
