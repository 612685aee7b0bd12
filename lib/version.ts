// What this build says it is. Clients compare the Kubernetes level; what follows the plus sign is ours.
import packageJson from '../package.json' with { type: 'json' }

export const kubernetesLevel = { major: '1', minor: '36', patch: '2' } as const

/** Of this project: `0.1.0`. */
const tesseraVersion: string = packageJson.version

/** A semantic version: `v1.36.2+tessera.0.1.0`. */
export const gitVersion = `v${kubernetesLevel.major}.${kubernetesLevel.minor}.${kubernetesLevel.patch}+tessera.${tesseraVersion}`
