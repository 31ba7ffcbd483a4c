import { type Expression, sql } from 'kysely'
import { asActor, type Giver } from '../platform/access/giver.ts'
import { type Grants, type OrganizationRole, rightsOf } from '../platform/access/permissions.ts'
import { mayHaveAdded, mayManageAccount } from './rules.ts'

/*
 * Whoever gives somebody else a link, a first password or another email knows it. So it works only while they may still give it, which
 * is asked when it is used, whatever took the right from them: a change of their access, group or role, an end by an act or by
 * the calendar. What goes to the person's own mailbox, and what the operator gives, has no giver.
 */

/**
 * The member `by` while they are Active, with the place that the account `a` of the query around has beside them, both as they are
 * now, and on the `day` (YYYY-MM-DD in UTC). Null for everybody else. A function (migration 2026-11-29-09), so that nothing is made
 * ready for it where nobody gave anything.
 */
export const giverOf = (by: Expression<string | null>, day: string) =>
  sql<Given | null>`(case when ${by} is not null then giver_of(a.id, ${by}, ${day}::date) end)`

type Given = Giver & {
  organization_id: string
  slug: string
  organization_name: string
  access_version: number
  to_id: string
  to_account: string | null
  to_status: string
  to_group: string
  to_role: string
  to_manages: boolean
  to_group_name: string
  to_grants: Grants['grants']
  managed: boolean
}

/** Whether the giver that was read may still give that to the account: as who manages it, or as who added it and it is unused yet. */
export function mayStillGive(given: object | null, account: { added_by: string | null; is_support: boolean }): boolean {
  const row = given as Given | null
  const giver =
    row &&
    asActor(row, {
      id: row.organization_id,
      slug: row.slug,
      name: row.organization_name,
      accessVersion: row.access_version,
    })
  if (!giver) return false
  const person = {
    id: row.to_id,
    group_id: row.to_group,
    account_id: row.to_account,
    status: row.to_status,
    rights: rightsOf({
      organizationRole: row.to_role as OrganizationRole,
      groupName: row.to_group_name,
      managesGroup: row.to_manages,
      grants: row.to_grants,
    }),
    managed: row.managed,
    is_support: account.is_support,
  }
  return (
    mayManageAccount(giver, person) === null ||
    (account.added_by === giver.membership.id && mayHaveAdded(giver, person) === null)
  )
}

/** The columns that say whether the first password of the account `a` of the query around still works, as far as its giver goes. */
export const ofFirstPassword = (day: string) => [
  'a.must_change_password' as const,
  'a.password_given_by' as const,
  'a.added_by' as const,
  'a.is_support' as const,
  giverOf(sql`a.password_given_by`, day).as('given'),
]

/** Whether nobody gave it who may do so no longer. */
export const isStillGiven = (account: {
  must_change_password: boolean
  password_given_by: string | null
  added_by: string | null
  is_support: boolean
  given: object | null
}): boolean =>
  !account.must_change_password || account.password_given_by === null || mayStillGive(account.given, account)

/** The same of another email: its mailbox may be theirs who asked for it, so that a mailed link ends with their right too. */
export const isStillAsked = (account: {
  new_email_asked_by: string | null
  is_support: boolean
  given: object | null
}): boolean => account.new_email_asked_by === null || mayStillGive(account.given, { ...account, added_by: null })
