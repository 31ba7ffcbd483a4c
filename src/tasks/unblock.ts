import { lockOrganizationsOf, unblock } from '../accounts/commands.ts'
import { accountWithEmail } from '../accounts/queries.ts'
import { triesOf } from '../passwords/commands.ts'
import { inTransaction } from '../platform/database/connect.ts'
import { forgetTries } from '../platform/web/limits.ts'
import { type Command, OperatorError, onlyWord, operatorCause } from './command.ts'

export const command: Command = {
  usage: 'unblock EMAIL',
  help: 'Ends the block and the waiting time that wrong passwords led to. The password stays as it is.',
  flags: {},
  run: async ({ db, key, now, words, print }) => {
    const email = onlyWord(words, 'Say whom to unblock: unblock EMAIL.')
    const account = await accountWithEmail(db, email)
    if (!account) throw new OperatorError(`No account has the address ${email}.`)
    const was = await inTransaction(db, async (trx) => {
      // Organizations before counters, as everybody takes them.
      await lockOrganizationsOf(trx, account.id)
      await forgetTries(trx, triesOf(key, account))
      return unblock(trx, operatorCause(now), account.id)
    })
    print(was ? `${account.email} is unblocked.` : `${account.email} was not blocked. A waiting time, if any, is over.`)
  },
}
