// TLS as every door of the cluster speaks it: a server certificate, and client certificates of one CA.
import type { PeerCertificate, TLSSocket, TlsOptions } from 'node:tls'

/** A certificate with its key, and the CA by which the other side is believed; all PEM. */
export interface TlsIdentity {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** Who a client certificate speaks for. */
export interface PeerSubject {
  readonly commonName: string
  readonly organizations: readonly string[]
}

/**
 * For a server that asks for a client certificate and also lets in those without one: what an
 * anonymous peer may do is for the authorizer to say.
 */
export function serverTlsOptions(identity: TlsIdentity): TlsOptions {
  return {
    ca: identity.ca,
    cert: identity.cert,
    key: identity.key,
    minVersion: 'TLSv1.2',
    requestCert: true,
    rejectUnauthorized: false,
  }
}

/** The subject of a connection's client certificate, if there is one that the CA stands for. */
export function verifiedPeer(socket: TLSSocket): PeerSubject | undefined {
  return socket.authorized ? peerSubject(socket.getPeerCertificate()) : undefined
}

/** The subject of a certificate that has been verified; undefined when it has no common name. */
export function peerSubject(certificate: Partial<Pick<PeerCertificate, 'subject'>> | null): PeerSubject | undefined {
  // Node repeats an attribute that occurs more than once as a list, whatever its types say.
  const subject: Readonly<Record<string, string | string[] | undefined>> = { ...certificate?.subject }
  const commonName = [subject['CN'] ?? []].flat()[0]
  if (commonName === undefined || commonName === '') return undefined
  return { commonName, organizations: [subject['O'] ?? []].flat() }
}
