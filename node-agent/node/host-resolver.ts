// The resolver configuration that pods inherit from their host.
import { readFileSync } from 'node:fs'

/** systemd-resolved answers on loopback, which is another place inside a pod; here it lists whom it asks itself. */
const upstreamFile = '/run/systemd/resolve/resolv.conf'

export function hostResolvConf(file = '/etc/resolv.conf', upstream = upstreamFile): string {
  const text = read(file)
  const servers = [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map(match => match[1] ?? '')
  const local = servers.length > 0 && servers.every(server => server.startsWith('127.') || server === '::1')
  return (local ? read(upstream) : '') || text
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // A host without a resolver has pods without one.
  }
}
