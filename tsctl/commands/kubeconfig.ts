import { Command } from 'commander'
import { formatYaml } from '../../lib/yaml.ts'
import type { Context } from '../context.ts'

export function kubeconfigCommand(context: Context): Command {
  return new Command('kubeconfig')
    .description('print a kubeconfig for this cluster that kubectl and Helm accept')
    .addHelpText(
      'after',
      '\nExamples:\n  tsctl kubeconfig > ~/.kube/config\n  KUBECONFIG=<(tsctl kubeconfig) kubectl get pods\n',
    )
    .action(() => {
      const { address, server, ca, cert, key, namespace, tlsServerName } = context.cluster()
      const base64 = (data: Buffer): string => data.toString('base64')
      context.stdout.write(
        formatYaml({
          apiVersion: 'v1',
          kind: 'Config',
          'current-context': 'tessera',
          clusters: [
            {
              name: 'tessera',
              cluster: {
                server,
                'certificate-authority-data': base64(ca),
                ...(tlsServerName !== undefined && { 'tls-server-name': tlsServerName }),
                extensions: [{ name: 'tessera', extension: { grpc: address } }],
              },
            },
          ],
          users: [{ name: 'admin', user: { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) } }],
          contexts: [{ name: 'tessera', context: { cluster: 'tessera', user: 'admin', namespace } }],
        }),
      )
    })
}
