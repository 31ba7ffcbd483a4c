import { sql } from 'kysely'
import { jsonObjectFrom } from 'kysely/helpers/postgres'
import { giversOf } from '../invitations/givers.ts'
import { choices } from '../members/access/choices.ts'
import { regionsOf } from '../members/edit/places.ts'
import type { Giver } from '../platform/access/giver.ts'
import type { Db } from '../platform/database/connect.ts'
import { crossing } from '../platform/database/guard.ts'
import { type Link, readLink } from '../platform/links.ts'

/** Nothing has this id: a token that we didn't sign asks the same of the database as one that we did. */
const nothing = '00000000-0000-0000-0000-000000000000'

/**
 * The invitation of a token, however it stands, with its organization, who answers for it, all that there is to give, and the
 * account that has its address; null when we didn't sign the token. No actor: the link is what lets somebody ask. One statement.
 */
export async function invitationOf(db: Db, key: Buffer, token: string) {
  const link = readLink('invitation', token, key)
  const row = await crossing(db, 'a link to join says by itself which invitation it is')
    .selectFrom('invitation as i')
    .innerJoin('organization as o', 'o.id', 'i.organization_id')
    .innerJoin('membership as m', (on) =>
      on.onRef('m.organization_id', '=', 'i.organization_id').onRef('m.id', '=', 'i.membership_id'),
    )
    .where('i.id', '=', link?.id ?? nothing)
    .select((eb) => [
      'i.id',
      'i.organization_id',
      'i.membership_id',
      'i.email',
      'i.email_key',
      'i.first_name',
      'i.last_name',
      'i.organization_role',
      'i.offer',
      'i.message',
      'i.status',
      'i.approval',
      'i.generation',
      'i.expires_at',
      'i.sender_name',
      'i.invited_by',
      'i.decided_by',
      'o.slug',
      'o.name as organization_name',
      'o.access_version',
      'm.starts_on',
      'm.ends_on',
      'm.suspended_at',
      sql<boolean>`is_kept_for_other(i.email_key, null)`.as('kept_for_other'),
      giversOf(eb, link?.by),
      ...choices(eb, eb.ref('i.organization_id')),
      regionsOf(eb, eb.ref('i.organization_id')),
      jsonObjectFrom(
        eb
          .selectFrom('account as a')
          .whereRef('a.email_key', '=', 'i.email_key')
          .select([
            'a.id',
            'a.email',
            'a.username',
            'a.username_key',
            'a.email_verified_at',
            'a.version',
            sql<boolean>`a.two_factor_at is not null`.as('has_two_factor'),
          ]),
      ).as('account'),
    ])
    .executeTakeFirst()
  if (!link || !row) return null
  const { organization_id: id, slug, organization_name: name, access_version, groups, roles, ...rest } = row
  const invitation = {
    ...rest,
    organization: { id, slug, name, accessVersion: access_version },
    choices: { groups, roles },
    givers: rest.givers as Giver[],
  }
  return { link, invitation }
}
type Found = NonNullable<Awaited<ReturnType<typeof invitationOf>>>
export type Invitation = Found['invitation']
export type LinkAndInvitation = { link: Link; invitation: Invitation }
