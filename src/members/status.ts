export * from '../platform/access/status.ts'
