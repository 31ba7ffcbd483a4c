import { accountWithEmail } from '../accounts/queries.ts'
import { resetTwoFactor } from '../two-factor/commands.ts'
import { type Command, OperatorError, onlyWord, operatorCause } from './command.ts'

export const command: Command = {
  usage: 'reset-two-factor EMAIL',
  help: `Takes somebody's authenticator and backup codes away, when both are lost.

Every session ends, and a letter tells them. At the next sign-in, with the password, they set up a new app before anything else
opens.`,
  flags: {},
  run: async ({ db, now, words, print }) => {
    const email = onlyWord(words, 'Say whose two-factor: reset-two-factor EMAIL.')
    const account = await accountWithEmail(db, email)
    if (!account) throw new OperatorError(`No account has the address ${email}.`)
    const was = await resetTwoFactor(db, operatorCause(now), account)
    print(was ? `Two-factor of ${account.email} is reset.` : `${account.email} doesn’t have two-factor on.`)
  },
}
