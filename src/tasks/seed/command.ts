import { type Command, OperatorError, text } from '../command.ts'
import { seed } from './seed.ts'

const number = (flag: string, value: string, most: number): number => {
  if (!/^\d{1,9}$/.test(value) || Number(value) > most)
    throw new OperatorError(`--${flag} must be a number up to ${most}.`)
  return Number(value)
}

export const command: Command = {
  usage: 'seed --organization SLUG --people N [--seed S]',
  help: `Adds made-up members to an organization, to try it out at its real size.

Their names come from many languages; they are spread over roles, groups, regions and statuses. Nobody can sign in as them.
The same seed makes the same people; run again it adds more.`,
  flags: { organization: { type: 'string' }, people: { type: 'string' }, seed: { type: 'string' } },
  run: async ({ db, pool, now, flags, print, note = print }) => {
    const slug = text(flags, 'organization')
    if (!slug) throw new OperatorError('Say which organization with --organization SLUG.')
    const people = number('people', text(flags, 'people'), 5_000_000)
    if (people === 0) throw new OperatorError('--people must be at least 1.')
    const result = await seed(
      { db, pool, close: async () => {} },
      { slug, people, seed: number('seed', text(flags, 'seed') || '1', 999_999_999), now, progress: note },
    )
    if ('refused' in result) throw new OperatorError(result.refused)
    print(`${result.people} people added to ${slug}`)
  },
}
