import { type SqlBool, sql } from 'kysely'
import { askedOf, isCounted, lettersOfAsking, usernameTry, type Wanted } from '../../accounts/asked.ts'
import { noNewEmail } from '../../accounts/no-new-email.ts'
import type { Actor } from '../../platform/access/actor.ts'
import { eventsAfter, ifTurn, inTurn, TurnLost } from '../../platform/access/turn.ts'
import type { Db } from '../../platform/database/connect.ts'
import type { Cause, Happening } from '../../platform/events/record.ts'
import { emailKey, searchText, usernameKey } from '../../platform/fold.ts'
import { signLink } from '../../platform/links.ts'
import { letterAfter } from '../../platform/mail/outbox.ts'
import { inSeconds } from '../../platform/web/limits.ts'
import { accountHeld, accountOf, onlyHere } from '../account-held.ts'
import type { PersonAndSignIn } from '../sign-in/queries.ts'

type Errors = Record<string, string>

const usernameTaken = { username: 'Somebody has this username already. Choose another one' }
const tooManyNames = { username: 'Too many usernames that somebody has were tried. Wait a while, then try again' }
const emailHere = { email: 'Somebody in this organization has this address already' }

const about = (actor: Actor, person: PersonAndSignIn, act: Happening['act']): Happening => ({
  act,
  organizationId: actor.organization.id,
  subject: 'account',
  subjectId: accountOf(person),
})

/**
 * Gives an account another username at once, and asks for another email address to be confirmed; a change that waited before
 * ends. Gives the token that confirms it, of a link that is copied and so doesn't prove the address; the one in the letter does. One
 * statement. Whether another organization's member has the address is asked for only when it is confirmed, so that nobody learns it
 * here. `wait`: seconds in which no other username is looked at.
 */
export async function changeAccount(
  db: Db,
  cause: Cause,
  key: Buffer,
  actor: Actor,
  person: PersonAndSignIn,
  { username, email }: Wanted,
): Promise<{ token: string | null; errors?: undefined } | { errors: Errors; wait?: number }> {
  const organization = actor.organization.id
  const account = accountOf(person)
  const renamed = username !== person.username
  const happenings = [
    ...(renamed ? [about(actor, person, 'username.changed')] : []),
    ...(email ? [about(actor, person, 'email.change_asked')] : []),
  ]
  const naming = usernameTry(key, actor.accountId, { id: account, username: person.username }, username, cause.now)
  const row = await inTurn(db, actor)
    .with('held', (of) => accountHeld(of, person))
    .with('here', (of) =>
      of
        .selectFrom('membership')
        .select('id')
        .where('organization_id', '=', organization)
        .where('email_key', '=', email ? emailKey(email) : '')
        .where('removed_at', 'is', null),
    )
    .with('refused', () => naming.refusing(ifTurn))
    .with('changed', (of) =>
      of
        .updateTable('account')
        .set((eb) => askedOf(eb, { username, email }, { organization, member: actor.membership.id }, cause.now))
        .where('id', '=', account)
        .where('version', '=', person.account_version)
        .where('email_generation', '=', person.email_generation)
        .where(onlyHere)
        .where(naming.open)
        .where(naming.free)
        .where(sql<SqlBool>`not exists (select from here)`)
        .returning(['id', 'email_generation']),
    )
    .with('copied', (of) =>
      of
        .updateTable('membership')
        .set((eb) => ({
          username_key: username === null ? '' : usernameKey(username),
          search: searchText(person.first_name, person.last_name, person.email, username ?? ''),
          version: eb('version', '+', 1),
        }))
        .where('organization_id', '=', organization)
        .where('id', '=', person.id)
        .where(sql<SqlBool>`exists (select from changed)`)
        .where(sql<SqlBool>`${renamed}::boolean`)
        .returning('id'),
    )
    .with('told', (of) => eventsAfter(of, cause, ...happenings))
    .with('asked', (of) =>
      letterAfter(
        of,
        cause.now,
        ...lettersOfAsking(
          { id: account, email: person.email, email_generation: person.email_generation ?? 0 },
          email,
          organization,
        ),
      ),
    )
    .selectNoFrom((eb) => [
      ifTurn.as('turned'),
      eb.selectFrom('changed').select('changed.email_generation').as('generation'),
      naming.free.as('username_free'),
      naming.open.as('open'),
      naming.seconds.as('seconds'),
      isCounted.as('counted'),
      sql<boolean>`exists (select from here)`.as('email_here'),
    ])
    .executeTakeFirstOrThrow()
    .catch((error) => {
      // Two organizations gave it at the same moment; the unique index let one of them.
      if ((error as { code?: unknown }).code === '23505') return null
      throw error
    })
  if (!row) return { errors: usernameTaken }
  if (row.generation !== null) {
    const link = { kind: 'email', id: account, generation: row.generation, channel: 'copy' } as const
    return { token: email ? signLink(link, key) : null }
  }
  if (row.turned && (!row.open || (!row.username_free && !row.counted)))
    return { errors: tooManyNames, wait: inSeconds(row.seconds) }
  if (row.turned && !row.username_free) return { errors: usernameTaken }
  if (row.turned && row.email_here) return { errors: emailHere }
  throw new TurnLost()
}

/** Ends the change of email that waits; its link stops working. */
export async function cancelEmailChange(db: Db, cause: Cause, actor: Actor, person: PersonAndSignIn): Promise<void> {
  const [changed] = await inTurn(db, actor)
    .with('held', (of) => accountHeld(of, person))
    .with('changed', (of) =>
      of
        .updateTable('account')
        .set((eb) => ({
          ...noNewEmail,
          email_generation: eb('email_generation', '+', 1),
          version: eb('version', '+', 1),
        }))
        .where('id', '=', accountOf(person))
        .where('version', '=', person.account_version)
        .where('new_email', 'is not', null)
        .where(onlyHere)
        .returning('id'),
    )
    .with('told', (of) => eventsAfter(of, cause, about(actor, person, 'email.change_canceled')))
    .selectFrom('changed')
    .select('id')
    .execute()
  if (!changed) throw new TurnLost()
}
