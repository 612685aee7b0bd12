// The cluster's certificates, in one directory that only its owner reads: made when they are missing,
// made anew when they no longer fit (other names, soon to expire), left alone otherwise.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { accessSync, constants, mkdirSync } from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'
import { type Clock, systemClock } from '../../lib/clock.ts'
import type { TlsIdentity } from '../../lib/tls.ts'
import type { User } from './authenticate.ts'
import {
  type CertificateRequest,
  generateKey,
  type IssuedCertificate,
  isCurrent,
  issue,
  selfSign,
} from './certificates.ts'
import { createOnce, publicMode, readIfThere, writeWhole } from './files.ts'
import { writeKubeconfig } from './kubeconfig.ts'

export interface PkiOptions {
  /** More host names and addresses the server answers to. */
  readonly serverNames?: readonly string[]
  readonly clock?: Clock
}

interface Doors {
  /** HOST:PORT that clients dial. */
  readonly rest: string
  readonly grpc: string
}

export interface Pki {
  /** What the doors present, and the CA that client certificates must be of. */
  readonly server: TlsIdentity
  /**
   * Writes `NAME.kubeconfig` (with `NAME.crt` and `NAME.key` beside it) for a user, unless it is there
   * and current.
   * @returns the file's path
   */
  kubeconfig(name: string, user: User, doors: Doors): Promise<string>
}

const standardNames = [
  'localhost',
  '127.0.0.1',
  '::1',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
]

/** @throws Error that names the directory or file when it can't be used */
export async function openPki(directory: string, options: PkiOptions = {}): Promise<Pki> {
  const { serverNames = [], clock = systemClock } = options
  const file = (name: string): string => path.join(directory, name)
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Error(`cannot keep certificates in ${directory}: ${why}; choose another directory with --pki-dir`, {
      cause: error,
    })
  }
  const authority = await openAuthority(file, clock)

  /** The certificate of that file name; a new one when there is none or another is due. */
  async function certificate(name: string, request: CertificateRequest): Promise<IssuedCertificate> {
    const cert = readIfThere(file(`${name}.crt`))
    const key = readIfThere(file(`${name}.key`))
    if (cert !== undefined && key !== undefined) {
      const present = { cert, key }
      if (isCurrent(present, authority.cert, request, clock.now())) return present
    }
    const issued = await issue(authority, request, clock.now())
    // A crash between the two leaves a pair that does not match, which the next start replaces.
    writeWhole(file(`${name}.key`), issued.key)
    writeWhole(file(`${name}.crt`), issued.cert, publicMode)
    return issued
  }

  const server = await certificate('server', {
    commonName: 'kube-apiserver',
    organizations: [],
    serverNames: [...new Set([...standardNames, hostname(), ...serverNames])],
  })
  return {
    server: { ca: authority.cert, ...server },
    async kubeconfig(name, user, doors) {
      const client = await certificate(name, { commonName: user.name, organizations: user.groups, serverNames: [] })
      const target = file(`${name}.kubeconfig`)
      const content = writeKubeconfig({ ca: authority.cert, ...doors, user: user.name, client })
      if (readIfThere(target) !== content) writeWhole(target, content)
      return target
    },
  }
}

/** The CA: made once, by whichever process comes first, and never replaced. */
async function openAuthority(file: (name: string) => string, clock: Clock): Promise<IssuedCertificate> {
  const [keyFile, certFile] = [file('ca.key'), file('ca.crt')]
  const present = readIfThere(certFile)
  if (present !== undefined && readIfThere(keyFile) === undefined) {
    throw new Error(
      `${certFile} is there but ${keyFile} is not, so no certificate can be issued: restore the key, or remove the directory to begin with a new CA (every kubeconfig then has to be handed out anew)`,
    )
  }
  const freshKey = present === undefined ? await generateKey() : ''
  const key = createOnce(keyFile, () => freshKey)
  const freshCert = present ?? (await selfSign('tessera-ca', key, clock.now()))
  const cert = createOnce(certFile, () => freshCert, publicMode)
  const authority = { cert, key }
  checkAuthority(authority, certFile, keyFile, clock.now())
  return authority
}

function checkAuthority({ cert, key }: IssuedCertificate, certFile: string, keyFile: string, nowMs: number): void {
  const renew = 'restore it from a backup, or remove the directory to begin with a new CA'
  let authority: X509Certificate
  try {
    authority = new X509Certificate(cert)
  } catch (error) {
    throw new Error(`${certFile} is not a certificate: ${renew}`, { cause: error })
  }
  try {
    if (!authority.checkPrivateKey(createPrivateKey(key))) throw new Error('it is the key of another certificate')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Error(`${keyFile} does not belong to ${certFile} (${why}): ${renew}`, { cause: error })
  }
  if (Date.parse(authority.validTo) <= nowMs) throw new Error(`${certFile} expired at ${authority.validTo}: ${renew}`)
}
