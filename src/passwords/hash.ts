export { hashPassword, isPassword, needsRehash } from '../platform/hash.ts'
