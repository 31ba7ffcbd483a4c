import { endSupport, makeSupport } from '../accounts/support-staff.ts'
import { makeFirstLink } from '../passwords/commands.ts'
import { email as anEmail } from '../platform/web/form.ts'
import { type Command, OperatorError, onlyWord, operatorCause } from './command.ts'

export const command: Command = {
  usage: 'make-support EMAIL [--end]',
  help: `Makes somebody support staff: they see /support, across the organizations that allow it.

An address without an account gets one; a link is printed with which its owner chooses a password, once, within 72 hours. What
organizations gave for an account that was there (links, first passwords, changes of email) ends. --end takes it away again.`,
  flags: { end: { type: 'boolean' } },
  run: async ({ db, key, config, now, flags, words, print }) => {
    const { data: email, error } = anEmail.safeParse(onlyWord(words, 'Say who: make-support EMAIL.'))
    if (!email) throw new OperatorError(`${error?.issues[0]?.message}.`)
    const cause = operatorCause(now)
    if (flags.end) {
      if (!(await endSupport(db, cause, email))) throw new OperatorError(`${email} isn’t support staff.`)
      print(`${email} is no longer support staff.`)
      return
    }
    const { id, needsPassword } = await makeSupport(db, cause, email)
    if (!needsPassword) return print(`${email} is support staff now, with the password that they have.`)
    // Printed, not mailed: whoever uses it has not shown that the address is theirs.
    const token = await makeFirstLink(db, cause, key, id)
    print(new URL(`/reset-password/${token}`, config.publicUrl).href)
  },
}
