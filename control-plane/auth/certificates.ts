// Making certificates: X.509, ECDSA on P-256. The library is loaded when there is one to make, which
// is once in the life of a cluster, so that a start does not wait for it.
import { createPrivateKey, createPublicKey, randomBytes, webcrypto, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'

export interface IssuedCertificate {
  readonly cert: string
  readonly key: string
}

export interface CertificateRequest {
  readonly commonName: string
  readonly organizations: readonly string[]
  /** Host names and IP addresses a server answers to; none: the certificate is a client's. */
  readonly serverNames: readonly string[]
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const dayMs = 86_400_000
const authorityDays = 3650
const leafDays = 365
/** Certificates are valid from a little earlier, for machines whose clocks are behind. */
const skewMs = 5 * 60_000

/** A new private key, PEM (PKCS #8). */
export async function generateKey(): Promise<string> {
  const { privateKey } = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  return toPem('PRIVATE KEY', await webcrypto.subtle.exportKey('pkcs8', privateKey))
}

/** A certificate of a CA, signed with its own key. */
export async function selfSign(commonName: string, key: string, nowMs: number): Promise<string> {
  const x509 = await library()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [commonName] }],
    ...validity(nowMs, authorityDays),
    signingAlgorithm: algorithm,
    keys: await keyPair(key),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create((await keyPair(key)).publicKey),
    ],
  })
  return certificate.toString('pem')
}

/** A certificate and its key for a server or a client, signed by a CA. */
export async function issue(
  authority: IssuedCertificate,
  { commonName, organizations, serverNames }: CertificateRequest,
  nowMs: number,
): Promise<IssuedCertificate> {
  const x509 = await library()
  const key = await generateKey()
  const { publicKey } = await keyPair(key)
  const issuer = new x509.X509Certificate(authority.cert)
  const usage = serverNames.length > 0 ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [...organizations.map(organization => ({ O: [organization] })), { CN: [commonName] }],
    issuer: issuer.subject,
    ...validity(nowMs, leafDays),
    signingAlgorithm: algorithm,
    publicKey,
    signingKey: (await keyPair(authority.key)).privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([usage]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      ...(serverNames.length > 0
        ? [
            new x509.SubjectAlternativeNameExtension(
              serverNames.map(value => ({ type: isAddress(value) ? 'ip' : 'dns', value })),
            ),
          ]
        : []),
    ],
  })
  return { cert: certificate.toString('pem'), key }
}

/**
 * Whether a certificate is what would be issued now: this CA's, its key's, for these names, and with
 * more than a tenth of its life before it.
 */
export function isCurrent(
  issued: IssuedCertificate,
  authorityCert: string,
  request: CertificateRequest,
  nowMs: number,
): boolean {
  try {
    const certificate = new X509Certificate(issued.cert)
    const authority = new X509Certificate(authorityCert)
    const subject = [...request.organizations.map(organization => `O=${organization}`), `CN=${request.commonName}`]
    return (
      certificate.checkIssued(authority) &&
      certificate.verify(authority.publicKey) &&
      certificate.checkPrivateKey(createPrivateKey(issued.key)) &&
      certificate.subject === subject.join('\n') &&
      sameNames(certificate.subjectAltName, request.serverNames) &&
      Date.parse(certificate.validFrom) <= nowMs &&
      Date.parse(certificate.validTo) - nowMs > (leafDays * dayMs) / 10
    )
  } catch {
    // Unreadable PEM: it can't be used, so a new one is issued.
    return false
  }
}

function sameNames(subjectAltName: string | undefined, names: readonly string[]): boolean {
  const present = (subjectAltName ?? '')
    .split(', ')
    .filter(name => name !== '')
    .map(name => normalName(name.slice(name.indexOf(':') + 1)))
  return present.sort().join() === [...new Set(names.map(normalName))].sort().join()
}

/** One spelling for an IPv6 address, whatever wrote it. */
const normalName = (name: string): string => (isIP(name) === 6 ? new URL(`http://[${name}]`).hostname : name)

const isAddress = (name: string): boolean => isIP(name) !== 0

const validity = (nowMs: number, days: number) => ({
  notBefore: new Date(nowMs - skewMs),
  notAfter: new Date(nowMs + days * dayMs),
})

/** Positive, random, below 2^159 (RFC 5280, 4.1.2.2). */
function serialNumber(): string {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes.toString('hex')
}

async function keyPair(pem: string): Promise<webcrypto.CryptoKeyPair> {
  const der = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' })
  const spki = createPublicKey(pem).export({ type: 'spki', format: 'der' })
  return {
    privateKey: await webcrypto.subtle.importKey('pkcs8', der, algorithm, true, ['sign']),
    publicKey: await webcrypto.subtle.importKey('spki', spki, algorithm, true, ['verify']),
  }
}

function toPem(label: string, der: ArrayBuffer): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}

async function library() {
  await import('reflect-metadata')
  return import('@peculiar/x509')
}
