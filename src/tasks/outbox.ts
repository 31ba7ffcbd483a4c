import { letterBounced, sendAgain } from '../mail/commands.ts'
import { openLetters } from '../mail/queries.ts'
import { isId } from '../platform/ids.ts'
import { type Command, OperatorError, text } from './command.ts'

const most = 500
/** No link is ever in a letter's row, so that none can be printed. */
const minute = (at: Date) => `${at.toISOString().slice(0, 16)}Z`

export const command: Command = {
  usage: 'outbox [--bounced ADDRESS|MESSAGE-ID [--answer TEXT]] [--again ID]',
  help: `Shows the letters that wait, have failed or came back, a line each: id, state, since when, tries, kind, to whom, what the mail server said.

--bounced notes that the last letter to ADDRESS, or the one with MESSAGE-ID, came back, for a script that reads the mailbox of
MAIL_FROM; TEXT is what the other server said. Whoever sent an invitation by it is told.
--again puts one that failed or came back into the queue once more. A letter whose link is over by then isn't sent.`,
  flags: { bounced: { type: 'string' }, answer: { type: 'string' }, again: { type: 'string' } },
  run: async ({ db, config, now, flags, words, print, note = print }) => {
    const [which, again] = [text(flags, 'bounced'), text(flags, 'again')]
    if (words.length > 0 || (which && again)) throw new OperatorError('Run it with --help to see what it takes.')
    if (which) {
      const answer = text(flags, 'answer')
        .replace(/[\s\p{Cc}]+/gu, ' ')
        .trim()
        .slice(0, 500)
      const letter = await letterBounced(db, now, which, answer)
      if (!letter) throw new OperatorError('No letter that was sent has this address or Message-ID.')
      return print(`The letter to ${letter.to} is marked as bounced.`)
    }
    if (again) {
      const letter = isId(again) ? await sendAgain(db, again) : null
      if (!letter) throw new OperatorError('No letter that failed or came back has this id.')
      return print(`The letter to ${letter.to} is in the queue again.`)
    }
    const { letters, counts } = await openLetters(db, most)
    for (const { id, state, created_at, attempts, template, to_address, answer, next_try_at } of letters)
      print(
        [id, state, minute(created_at), attempts, template, to_address, answer]
          .concat(next_try_at ? [`next try ${minute(next_try_at)}`] : [])
          .join('\t'),
      )
    const all = counts.reduce((sum, { count }) => sum + count, 0)
    if (all > letters.length) note(`And ${all - letters.length} more.`)
    note(
      all === 0 ? 'No letter waits or has failed.' : counts.map(({ state, count }) => `${count} ${state}`).join(', '),
    )
    if (!config.smtpUrl) note('No mail server is set up (SMTP_URL): nothing is sent.')
  },
}
