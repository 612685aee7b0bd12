// For importers that do not name the file yet.
export * from './coordination-v1/lease.ts'
