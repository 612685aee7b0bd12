import { createHash } from 'node:crypto'
import type { Container } from '../../../api/kinds/core-v1/container.ts'

/** What of a container can change while its pod lives and makes another container of it: its image. */
export function containerHash(container: Pick<Container, 'name' | 'image'>): string {
  return createHash('sha256')
    .update(JSON.stringify([container.name, container.image ?? '']))
    .digest('hex')
    .slice(0, 16)
}
