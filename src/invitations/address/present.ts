import { roomOf, usedRoom } from '../../members/new/room.ts'
import type { Actor } from '../../platform/access/actor.ts'
import type { Db } from '../../platform/database/connect.ts'
import { commonDomain, openFor, presentWith } from '../new/queries.ts'
import type { Known, Open, Present } from '../new/rules.ts'
import { asInvitation, invitationRow } from '../to-change.ts'
import { visibleTo } from '../visible.ts'

/**
 * The invitation, who has the address that it would go to, and how many the actor may still invite, as of one moment; null as in
 * invitationToChange. One statement.
 */
export async function invitationAndAddress(
  db: Db,
  actor: Actor,
  { key, now }: { key: Buffer; now: Date },
  id: string,
  emailKey: string,
) {
  const row = await invitationRow(db, actor.organization.id, id)
    .where((eb) => visibleTo(actor, 'members.invite')(eb))
    .select((eb) => [
      presentWith(eb, actor, [emailKey]),
      openFor(eb, actor, [emailKey]),
      commonDomain(eb as never, actor.organization.id).as('common'),
      usedRoom(key, actor, now),
    ])
    .executeTakeFirst()
  if (!row) return null
  const { present, open, common, used_room, ...rest } = row
  const known: Known = {
    present: present as Present[],
    open: open as Open[],
    allowed: rest.allowed_domains,
    trusted: common ? [common] : [],
  }
  return { invitation: asInvitation(actor.organization, rest as never), known, room: roomOf(key, actor, used_room) }
}
