// A real etcd for tests: one member.
import { claimPorts } from '../ports.ts'
import { type TestServer, testServer } from './test-server.ts'

/** @param args more of etcd's flags */
export async function etcdServer(...args: string[]): Promise<TestServer> {
  const peer = await claimPorts()
  return testServer(
    'etcd',
    (port, directory) => [
      'etcd',
      '--name=test',
      `--data-dir=${directory}/data`,
      `--listen-client-urls=http://127.0.0.1:${port}`,
      `--advertise-client-urls=http://127.0.0.1:${port}`,
      `--listen-peer-urls=http://127.0.0.1:${peer}`,
      `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
      `--initial-cluster=test=http://127.0.0.1:${peer}`,
      ...args,
    ],
    async port => {
      const signal = AbortSignal.timeout(5000)
      const answer = await fetch(`http://127.0.0.1:${port}/health`, { signal })
        .then(response => response.text())
        .catch(() => '')
      return answer.includes('"true"')
    },
  )
}
