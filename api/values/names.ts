// What names may look like. Each check answers what is wrong, in Kubernetes' words; nothing when all is well.

const dns1123LabelPattern = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const dns1123SubdomainPattern = `${dns1123LabelPattern}(\\.${dns1123LabelPattern})*`
const dns1035LabelPattern = '[a-z]([-a-z0-9]*[a-z0-9])?'
const qualifiedNamePattern = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const labelValuePattern = `(${qualifiedNamePattern})?`
const envVarPattern = '[-._a-zA-Z][-._a-zA-Z0-9]*'
const configKeyPattern = '[-._a-zA-Z0-9]+'
const httpHeaderPattern = '[-A-Za-z0-9]+'

const whole = (pattern: string) => new RegExp(`^(?:${pattern})$`)
const dns1123Label = whole(dns1123LabelPattern)
const dns1123Subdomain = whole(dns1123SubdomainPattern)
const dns1035Label = whole(dns1035LabelPattern)
const qualifiedName = whole(qualifiedNamePattern)
const labelValue = whole(labelValuePattern)
const envVar = whole(envVarPattern)
const configKey = whole(configKeyPattern)
const httpHeader = whole(httpHeaderPattern)

function mustMatch(what: string, pattern: string, ...examples: string[]): string {
  const [first = '', ...more] = examples.map(example => `'${example}'`)
  const listed = [`e.g. ${first}`, ...more.map(example => ` or ${example}`)].join(', ')
  return `${what} (${listed}, regex used for validation is '${pattern}')`
}

/** Lengths are counted in bytes of UTF-8. */
export const byteLength = (text: string): number => new TextEncoder().encode(text).length

const atMost = (bytes: number) => `must be no more than ${bytes} bytes`
const legacyAtMost = (characters: number) => `must be no more than ${characters} characters`

/** A label of a DNS name: pod's hostname, names of namespaces and containers. At most 63 characters. */
export function dns1123LabelErrors(value: string): string[] {
  const errors = byteLength(value) > 63 ? [legacyAtMost(63)] : []
  if (dns1123Label.test(value)) return errors
  if (dns1123Subdomain.test(value)) errors.push('must not contain dots')
  else {
    const what =
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character"
    errors.push(mustMatch(what, dns1123LabelPattern, 'my-name', '123-abc'))
  }
  return errors
}

/** A DNS name: the name of most objects. At most 253 characters. */
export function dns1123SubdomainErrors(value: string): string[] {
  return subdomainErrors(value, legacyAtMost(253))
}

function subdomainErrors(value: string, tooLong: string): string[] {
  const errors = byteLength(value) > 253 ? [tooLong] : []
  if (!dns1123Subdomain.test(value)) {
    const what =
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"
    errors.push(mustMatch(what, dns1123SubdomainPattern, 'example.com'))
  }
  return errors
}

/** A DNS label that begins with a letter: the name of a service. */
export function dns1035LabelErrors(value: string): string[] {
  const errors = byteLength(value) > 63 ? [legacyAtMost(63)] : []
  if (!dns1035Label.test(value)) {
    const what =
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character"
    errors.push(mustMatch(what, dns1035LabelPattern, 'my-name', 'abc-123'))
  }
  return errors
}

/** A name with an optional prefix: label keys, taints, resource names, conditions. */
export function qualifiedNameErrors(value: string): string[] {
  const parts = value.split('/')
  const example = (what: string) => mustMatch(what, qualifiedNamePattern, 'MyName', 'my.name', '123-abc')
  const errors: string[] = []
  let name = value
  if (parts.length === 2) {
    const [prefix = '', rest = ''] = parts
    name = rest
    if (prefix === '') errors.push('prefix part must be non-empty')
    else errors.push(...subdomainErrors(prefix, atMost(253)).map(error => `prefix part ${error}`))
  } else if (parts.length > 2) {
    const what = `a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`
    return [`${example(what)} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`]
  }
  if (name === '') errors.push('name part must be non-empty')
  else if (byteLength(name) > 63) errors.push(`name part ${atMost(63)}`)
  if (!qualifiedName.test(name)) {
    const what =
      "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
    errors.push(example(what))
  }
  return errors
}

/** The value of a label: empty, or at most 63 bytes of letters, digits, `-`, `_` and `.`. */
export function labelValueErrors(value: string): string[] {
  const errors = byteLength(value) > 63 ? [atMost(63)] : []
  if (!labelValue.test(value)) {
    const what =
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
    errors.push(mustMatch(what, labelValuePattern, 'MyValue', 'my_value', '12345'))
  }
  return errors
}

/** The name of an environment variable: printable ASCII without `=`. */
export function envVarNameErrors(value: string): string[] {
  if (value === '') return ['environment variable name must be non-empty']
  if (/^[ -<>-~]+$/.test(value)) return []
  return ["a valid environment variable name must consist only of printable ASCII characters other than '='"]
}

/** The prefix or name of variables made from the keys of a ConfigMap or Secret. */
export function strictEnvVarNameErrors(value: string): string[] {
  const what =
    "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit"
  const examples = ['my.env-name', 'MY_ENV.NAME', 'MyEnvName1']
  return [...(envVar.test(value) ? [] : [mustMatch(what, envVarPattern, ...examples)]), ...directoryErrors(value)]
}

/** What looks like a way out of a directory. */
function directoryErrors(value: string): string[] {
  if (value === '.') return ["must not be '.'"]
  if (value === '..') return ["must not be '..'"]
  return value.startsWith('..') ? ["must not start with '..'"] : []
}

/** A key of a ConfigMap or Secret, which may become a file's name. */
export function configKeyErrors(value: string): string[] {
  const errors = byteLength(value) > 253 ? [legacyAtMost(253)] : []
  if (!configKey.test(value)) {
    const what = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
    errors.push(mustMatch(what, configKeyPattern, 'key.name', 'KEY_NAME', 'key-name'))
  }
  return [...errors, ...directoryErrors(value)]
}

/** The name of a port: an IANA service name, at most 15 bytes with a letter among them. */
export function portNameErrors(value: string): string[] {
  const errors: string[] = []
  if (byteLength(value) > 15) errors.push(legacyAtMost(15))
  if (!/^[-a-z0-9]+$/.test(value)) errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)')
  if (!/[a-z]/.test(value)) errors.push('must contain at least one letter (a-z)')
  if (value.includes('--')) errors.push('must not contain consecutive hyphens')
  if (/^-|-$/.test(value)) errors.push('must not begin or end with a hyphen')
  return errors
}

export function portNumberErrors(value: number): string[] {
  return value >= 1 && value <= 65535 ? [] : ['must be between 1 and 65535, inclusive']
}

export function httpHeaderNameErrors(value: string): string[] {
  const what = "a valid HTTP header must consist of alphanumeric characters or '-'"
  return httpHeader.test(value) ? [] : [mustMatch(what, httpHeaderPattern, 'X-Header-Name')]
}

/** A name that stands as one element of a URL's path. */
export function pathSegmentErrors(value: string): string[] {
  if (value === '.' || value === '..') return [`may not be '${value}'`]
  return ['/', '%'].filter(character => value.includes(character)).map(character => `may not contain '${character}'`)
}
