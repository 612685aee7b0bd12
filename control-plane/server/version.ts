// What this server says it is. Clients compare the Kubernetes level; what follows the plus sign is ours.
import packageJson from '../../package.json' with { type: 'json' }

const kubernetesLevel = { major: '1', minor: '36' }

/** A semantic version: `v1.36.0+tessera.0.1.0`. */
export const gitVersion = `v${kubernetesLevel.major}.${kubernetesLevel.minor}.0+tessera.${packageJson.version}`

const platforms: Readonly<Record<string, string>> = { x64: 'linux/amd64', arm64: 'linux/arm64' }

/** The answer to `/version`; its fields are those of Kubernetes' version.Info. */
export const versionInfo = {
  ...kubernetesLevel,
  emulationMajor: kubernetesLevel.major,
  emulationMinor: kubernetesLevel.minor,
  minCompatibilityMajor: kubernetesLevel.major,
  minCompatibilityMinor: kubernetesLevel.minor,
  gitVersion,
  gitCommit: '',
  gitTreeState: '',
  buildDate: '',
  goVersion: `node ${process.version}`,
  compiler: 'v8',
  platform: platforms[process.arch] ?? `linux/${process.arch}`,
}
