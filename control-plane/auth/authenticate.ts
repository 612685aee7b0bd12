// Who asks: the subject of the client certificate, as Kubernetes reads it (CN is the user, O the groups).
import type { PeerSubject } from '../../lib/tls.ts'

export interface User {
  readonly name: string
  readonly groups: readonly string[]
}

export const anonymous: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] }

/** @param peer the subject of a certificate that has been verified (lib/tls.ts); without one: anonymous */
export function authenticate(peer: PeerSubject | undefined): User {
  if (!peer) return anonymous
  return { name: peer.commonName, groups: [...peer.organizations, 'system:authenticated'] }
}
