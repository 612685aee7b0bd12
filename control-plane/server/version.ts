// What the server answers to those who ask for its version.
import { gitVersion, kubernetesLevel } from '../../lib/version.ts'

const { major, minor } = kubernetesLevel
const platforms: Readonly<Record<string, string>> = { x64: 'linux/amd64', arm64: 'linux/arm64' }

/** The answer to `/version`; its fields are those of Kubernetes' version.Info. */
export const versionInfo = {
  major,
  minor,
  emulationMajor: major,
  emulationMinor: minor,
  minCompatibilityMajor: major,
  minCompatibilityMinor: minor,
  gitVersion,
  gitCommit: '',
  gitTreeState: '',
  buildDate: '',
  goVersion: `node ${process.version}`,
  compiler: 'v8',
  platform: platforms[process.arch] ?? `linux/${process.arch}`,
}
