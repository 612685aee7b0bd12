// A real Redis for tests.
import { connect } from 'node:net'
import { type TestServer, testServer } from './test-server.ts'

/** Flushes every write before it answers. */
export async function redisServer(): Promise<TestServer> {
  return testServer(
    'redis',
    (port, directory) => [
      'redis-server',
      ...['--bind', '127.0.0.1', '--port', String(port), '--dir', directory],
      ...['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''],
    ],
    async port => {
      const socket = connect(port, '127.0.0.1')
      try {
        socket.write('PING\r\n')
        // A server about to end, or to begin, may hang up without a word.
        for await (const answer of socket) return String(answer).startsWith('+PONG')
        return false
      } catch {
        return false
      } finally {
        socket.destroy()
      }
    },
  )
}
