// The group version meta/v1: what all kinds share.
export * from './meta-v1/condition.ts'
export * from './meta-v1/discovery.ts'
export * from './meta-v1/label-selector.ts'
export * from './meta-v1/object-meta.ts'
export * from './meta-v1/options.ts'
export * from './meta-v1/status.ts'
export * from './meta-v1/table.ts'
export * from './meta-v1/watch-event.ts'
