// The options that choose a cluster, checked.
import { Refusal } from './progress.mjs'

/**
 * @param {{name?: string | undefined, port?: string | undefined, 'pod-cidr'?: string | undefined}} values as parsed
 * @returns {import('./layout.ts').LayoutOptions}
 */
export function clusterOptions({ name, port, 'pod-cidr': podCidr }) {
  // It begins the names of network interfaces, and Linux has 15 characters for one.
  if (name !== undefined && !/^[a-z][a-z0-9]{0,7}$/.test(name)) {
    throw new Refusal(`--name "${name}": at most 8 lower-case letters and digits, the first one a letter.`)
  }
  if (port !== undefined && !(/^\d+$/.test(port) && Number(port) > 0 && Number(port) <= 65532)) {
    throw new Refusal(`--port "${port}": expected a number from 1 to 65532.`)
  }
  if (podCidr !== undefined && !/^\d+\.\d+\.\d+\.\d+\/(1\d|2[0-8]|[89])$/.test(podCidr)) {
    throw new Refusal(`--pod-cidr "${podCidr}": expected an IPv4 network such as 10.244.0.0/24, no smaller than /28.`)
  }
  return {
    ...(name !== undefined && { name }),
    ...(port !== undefined && { port: Number(port) }),
    ...(podCidr !== undefined && { podCidr }),
  }
}
