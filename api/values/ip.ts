// IP addresses and blocks, as far as validating fields needs them.

const octet = '(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const ipv4 = new RegExp(`^${octet}(\\.${octet}){3}$`)

export function isIPv4(text: string): boolean {
  return ipv4.test(text)
}

function isIPv6(text: string): boolean {
  let groups = text
  if (!text.includes(':')) return false
  // The last 32 bits may be written as an IPv4 address.
  const tail = text.slice(text.lastIndexOf(':') + 1)
  if (tail.includes('.')) {
    if (!isIPv4(tail)) return false
    groups = `${text.slice(0, -tail.length)}0:0`
  }
  const halves = groups.split('::')
  if (halves.length > 2) return false
  const parts = halves.map(half => (half === '' ? [] : half.split(':')))
  const count = parts.reduce((sum, half) => sum + half.length, 0)
  if (halves.length === 2 ? count > 7 : count !== 8) return false
  return parts.flat().every(part => /^[0-9a-fA-F]{1,4}$/.test(part))
}

export function ipErrors(text: string): string[] {
  return isIPv4(text) || isIPv6(text) ? [] : ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']
}

export function cidrErrors(text: string): string[] {
  const [address = '', length = '', ...rest] = text.split('/')
  const bits = isIPv4(address) ? 32 : isIPv6(address) ? 128 : -1
  const valid = rest.length === 0 && /^\d{1,3}$/.test(length) && Number(length) <= bits
  return valid ? [] : ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']
}
