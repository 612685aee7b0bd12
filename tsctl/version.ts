import { readFileSync } from 'node:fs'
import path from 'node:path'
import { packageRoot } from '../lib/package-root.ts'

/** The version in package.json, as `v0.1.0`. */
export function clientVersion(): string {
  const { version } = JSON.parse(readFileSync(path.join(packageRoot(), 'package.json'), 'utf8')) as { version: string }
  return `v${version}`
}
