import { accountWithEmail } from '../accounts/queries.ts'
import { hashPassword } from '../passwords/hash.ts'
import { passwordProblem } from '../passwords/rules.ts'
import { createOrganization } from '../set-up/commands.ts'
import { newOrganization } from '../set-up/form.ts'
import { type Command, OperatorError, operatorCause, text } from './command.ts'

const flagOf: Record<string, string> = { first_name: 'first-name', last_name: 'last-name' }

export const command: Command = {
  usage: 'setup --organization NAME --first-name A --last-name B --email E --password-stdin',
  help: `Makes an organization, the first or another, with its Admin, and prints the slug of its addresses.

The Admin's password is read from standard input. An address that has an account already becomes Admin with that account,
and its password stays as it is.`,
  flags: {
    organization: { type: 'string' },
    'first-name': { type: 'string' },
    'last-name': { type: 'string' },
    email: { type: 'string' },
    'password-stdin': { type: 'boolean' },
  },
  run: async ({ db, now, flags, stdin, print, note = print }) => {
    const { data, error } = newOrganization.safeParse({
      organization: text(flags, 'organization'),
      first_name: text(flags, 'first-name'),
      last_name: text(flags, 'last-name'),
      email: text(flags, 'email'),
    })
    if (!data) {
      const name = String(error.issues[0]?.path[0])
      throw new OperatorError(`--${flagOf[name] ?? name}: ${error.issues[0]?.message}.`)
    }
    if (!flags['password-stdin'])
      throw new OperatorError('Give the password on standard input, and say so with --password-stdin.')
    const password = (await stdin()).replace(/\r?\n$/, '')
    const existing = await accountWithEmail(db, data.email)
    if (!existing) {
      const problem = passwordProblem(password, { email: data.email, organizations: [data.organization] })
      if (problem) throw new OperatorError(`${problem}.`)
    }
    const result = await createOrganization(
      db,
      operatorCause(now),
      {
        organization: data.organization,
        firstName: data.first_name,
        lastName: data.last_name,
        email: data.email,
        passwordHash: existing ? null : await hashPassword(password),
      },
      { first: false },
    )
    if ('refused' in result) throw new OperatorError('The organization could not be made.')
    print(result.created.slug)
    if (result.created.linked)
      note(`${data.email} has an account already: it is the Admin now, and its password is as it was.`)
  },
}
