// The file that lets a client in: kubectl's format, with the gRPC door in an extension of the cluster.
import type { IssuedCertificate } from './certificates.ts'

export interface KubeconfigOptions {
  /** PEM. */
  readonly ca: string
  /** HOST:PORT of the REST door. */
  readonly rest: string
  /** HOST:PORT of the gRPC door. */
  readonly grpc: string
  readonly user: string
  readonly client: IssuedCertificate
}

/** A kubeconfig as YAML that holds all it needs. Strings are written as JSON, which YAML reads. */
export function writeKubeconfig({ ca, rest, grpc, user, client }: KubeconfigOptions): string {
  const base64 = (pem: string): string => Buffer.from(pem).toString('base64')
  const text = JSON.stringify
  const context = `${user}@tessera`
  return `apiVersion: v1
kind: Config
current-context: ${text(context)}
clusters:
- name: tessera
  cluster:
    server: ${text(`https://${rest}`)}
    certificate-authority-data: ${base64(ca)}
    extensions:
    - name: tessera
      extension:
        grpc: ${text(grpc)}
contexts:
- name: ${text(context)}
  context:
    cluster: tessera
    user: ${text(user)}
users:
- name: ${text(user)}
  user:
    client-certificate-data: ${base64(client.cert)}
    client-key-data: ${base64(client.key)}
`
}
