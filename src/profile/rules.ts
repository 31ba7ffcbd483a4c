import { type ContactName, contactNames } from '../members/edit/rules.ts'
import { type Actor, reach } from '../platform/access/actor.ts'

/**
 * Whether the locks of their group hold for somebody's own details: not for those who edit everybody's. Of email and username, which
 * `members.credentials` changes for everybody, is_locked_for_account_now says the same.
 */
export const isBound = (actor: Actor): boolean => reach(actor, 'members.edit') !== 'organization'

/** Which of their own details somebody may not change, of the fields that their group locks. */
export const lockedTo = (actor: Actor, fields: readonly string[]): ContactName[] =>
  isBound(actor) ? contactNames.filter((name) => fields.includes(name)) : []
