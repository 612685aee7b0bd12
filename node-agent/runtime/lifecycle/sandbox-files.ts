// The files a sandbox gives each of its containers, in its own folder: /etc/hostname, /etc/hosts and /etc/resolv.conf.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { DNSConfig } from '../../../proto/gen/cri.ts'
import { ignoring } from '../../sys/errno.ts'
import type { SandboxRecord } from '../records/records.ts'

/** Writes those that are not there: containers that run hold the others open, and an older runtime wrote fewer. */
export function writeSandboxFiles(folder: string, { config, spec, state }: SandboxRecord): void {
  const write = (name: string, text: string): void => {
    ignoring(['EEXIST'], () => writeFileSync(path.join(folder, name), text, { mode: 0o644, flag: 'wx' }))
  }
  write('hostname', `${spec.hostname}\n`)
  write('hosts', spec.network === 'node' ? hostFile('/etc/hosts') : hosts(spec.hostname, state?.addresses ?? []))
  write('resolv.conf', resolvConf(config.dnsConfig))
}

function hostFile(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/** hosts(5) for a network of its own; the kubelet's pods bring a file that says more. */
function hosts(hostname: string, addresses: readonly string[]): string {
  const lines = [
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'ff00::0\tip6-mcastprefix',
    'ff02::1\tip6-allnodes',
    'ff02::2\tip6-allrouters',
    ...addresses.map(address => `${address}\t${hostname}`),
  ]
  return lines.map(line => `${line}\n`).join('')
}

/** resolv.conf(5) from the pod's DNS configuration; without one, the host's. An empty one is one. */
function resolvConf(dns: DNSConfig | undefined): string {
  if (!dns) return hostFile('/etc/resolv.conf')
  const { servers = [], searches = [], options = [] } = dns
  const lines = [
    ...(searches.length > 0 ? [`search ${searches.join(' ')}`] : []),
    ...servers.map(server => `nameserver ${server}`),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
  ]
  return lines.map(line => `${line}\n`).join('')
}
