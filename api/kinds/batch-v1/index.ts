// The kinds of the group version batch/v1.
import type { Kind } from '../kind.ts'
import { jobs } from './job.ts'

export const batchV1: readonly Kind[] = [jobs]
