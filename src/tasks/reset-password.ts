import { accountWithEmail } from '../accounts/queries.ts'
import { makeResetLink } from '../passwords/commands.ts'
import { type Command, OperatorError, onlyWord, operatorCause } from './command.ts'

export const command: Command = {
  usage: 'reset-password EMAIL',
  help: `Prints a link that sets a new password: once, within 30 minutes.

Older links end. The old password works until the link is used; that ends a block, too.`,
  flags: {},
  run: async ({ db, key, config, now, words, print }) => {
    const email = onlyWord(words, 'Say whose password: reset-password EMAIL.')
    const account = await accountWithEmail(db, email)
    // Printed, not mailed: whoever uses it has not shown that the address is theirs.
    const token =
      account && (await makeResetLink(db, operatorCause(now), key, { accountId: account.id, channel: 'copy' }))
    if (!token) throw new OperatorError(`No account has the address ${email}.`)
    print(new URL(`/reset-password/${token}`, config.publicUrl).href)
  },
}
