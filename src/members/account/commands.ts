import { type SqlBool, sql } from 'kysely'
import { noNewEmail } from '../../accounts/email-change.ts'
import { confirmFor } from '../../accounts/rules.ts'
import type { Actor } from '../../platform/access/actor.ts'
import { eventsAfter, ifTurn, inTurn, TurnLost } from '../../platform/access/turn.ts'
import type { Db } from '../../platform/database/connect.ts'
import type { Cause, Happening } from '../../platform/events/record.ts'
import { emailKey, searchText, usernameKey } from '../../platform/fold.ts'
import { signLink } from '../../platform/links.ts'
import { letterAfter } from '../../platform/mail/outbox.ts'
import { accountHeld, accountOf, onlyHere } from '../account-held.ts'
import type { PersonAndSignIn } from '../sign-in/queries.ts'

type Errors = Record<string, string>
type Wanted = { username: string | null /** Null: as it is. */; email: string | null }

const usernameTaken = { username: 'Somebody has this username already. Choose another one' }
const emailHere = { email: 'Somebody in this organization has this address already' }

const about = (actor: Actor, person: PersonAndSignIn, act: Happening['act']): Happening => ({
  act,
  organizationId: actor.organization.id,
  subject: 'account',
  subjectId: accountOf(person),
})

/** A change that waited goes on waiting: what is changed now isn't what it hangs on. */
const nextVersion = sql<number>`case when new_email_version = version then version + 1 else new_email_version end`

/**
 * Gives an account another username at once, and asks for another email address to be confirmed; a change that waited before
 * ends. Gives the token that confirms it, of a link that is copied and so doesn't prove the address. One statement. Whether
 * another organization's member has the address is asked for only when it is confirmed, so that nobody learns it here.
 */
export async function changeAccount(
  db: Db,
  cause: Cause,
  key: Buffer,
  actor: Actor,
  person: PersonAndSignIn,
  { username, email }: Wanted,
): Promise<{ token: string | null; errors?: undefined } | { errors: Errors }> {
  const organization = actor.organization.id
  const account = accountOf(person)
  const username_key = username === null ? null : usernameKey(username)
  const renamed = username !== person.username
  const happenings = [
    ...(renamed ? [about(actor, person, 'username.changed')] : []),
    ...(email ? [about(actor, person, 'email.change_asked')] : []),
  ]
  const usernameFree = sql<SqlBool>`(${username_key}::text is null or not exists (select from account as other
    where other.username_key = ${username_key}::text and other.id <> ${account}))`
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
    .with('changed', (of) =>
      of
        .updateTable('account')
        .set((eb) => ({
          username,
          username_key,
          version: eb('version', '+', 1),
          ...(email
            ? {
                new_email: email,
                new_email_key: emailKey(email),
                new_email_by: organization,
                new_email_version: eb('version', '+', 1),
                new_email_expires_at: new Date(cause.now.getTime() + confirmFor),
                email_generation: eb('email_generation', '+', 1),
              }
            : { new_email_version: nextVersion }),
        }))
        .where('id', '=', account)
        .where('version', '=', person.account_version)
        .where(onlyHere)
        .where(usernameFree)
        .where(sql<SqlBool>`not exists (select from here)`)
        .returning(['id', 'email_generation']),
    )
    .with('copied', (of) =>
      of
        .updateTable('membership')
        .set((eb) => ({
          username_key: username_key ?? '',
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
        ...(email
          ? [
              {
                organizationId: organization,
                template: 'email_confirmation' as const,
                data: { account_id: account },
                to: email,
              },
              {
                organizationId: organization,
                template: 'email_change_asked' as const,
                data: { account_id: account },
                to: person.email,
              },
            ]
          : []),
      ),
    )
    .selectNoFrom((eb) => [
      ifTurn.as('turned'),
      eb.selectFrom('changed').select('changed.email_generation').as('generation'),
      usernameFree.as('username_free'),
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
