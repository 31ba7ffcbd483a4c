import type { Migration } from 'kysely/migration'
import * as extensions from './2026-11-22-01-extensions.ts'
import * as accounts from './2026-11-22-02-accounts.ts'
import * as limits from './2026-11-22-03-limits.ts'
import * as organizations from './2026-11-22-04-organizations.ts'
import * as groupsRolesRegions from './2026-11-22-05-groups-roles-regions.ts'
import * as memberships from './2026-11-22-06-memberships.ts'
import * as invitations from './2026-11-22-07-invitations.ts'
import * as mailAndEvents from './2026-11-22-08-mail-and-events.ts'
import * as turns from './2026-11-22-09-turns.ts'
import * as placesOfAccount from './2026-11-22-10-memberships-of-account.ts'
import * as holders from './2026-11-22-12-holders.ts'
import * as removals from './2026-11-22-13-removals.ts'
import * as audit from './2026-11-22-20-audit.ts'
import * as drafts from './2026-11-23-01-drafts.ts'
import * as actsOnAccounts from './2026-11-23-04-acts-on-accounts.ts'
import * as inviteOfPresent from './2026-11-23-05-invite-of-present.ts'
import * as areaVersions from './2026-11-23-06-area-versions.ts'
import * as removedInArea from './2026-11-23-07-removed-in-area.ts'
import * as seats from './2026-11-23-08-seats.ts'
import * as emailChanges from './2026-11-23-09-email-changes.ts'
import * as inviting from './2026-11-28-01-inviting.ts'
import * as mailSending from './2026-11-28-02-01-mail-sending.ts'
import * as history from './2026-11-28-03-01-history.ts'
import * as linkAsked from './2026-11-28-05-01-link-asked.ts'
import * as support from './2026-11-28-05-02-support.ts'
import * as upkeepOfInvitations from './2026-11-28-06-01-upkeep-of-invitations.ts'
import * as twoFactor from './2026-11-28-07-two-factor.ts'
import * as given from './2026-11-28-09-01-given.ts'
import * as otherAdmin from './2026-11-28-09-02-other-admin.ts'
import * as requiredTwoFactor from './2026-11-29-01-required-two-factor.ts'
import * as ownEmail from './2026-11-29-02-own-email.ts'
import * as avatars from './2026-11-29-03-01-avatars.ts'
import * as letters from './2026-11-29-04-01-letters.ts'
import * as givers from './2026-11-29-05-givers.ts'
import * as bound from './2026-11-29-06-bound.ts'
import * as keptAddresses from './2026-11-29-06-kept-addresses.ts'
import * as placesHeld from './2026-11-29-07-places-held.ts'
import * as coveringHistory from './2026-11-29-08-01-covering-history.ts'
import * as plannedOnce from './2026-11-29-09-planned-once.ts'
import * as noticesADay from './2026-11-29-10-notices-a-day.ts'

/** Every migration, oldest first. Listed by hand, so that the bundled program holds them too. */
export const migrations: Record<string, Migration> = {
  '2026-11-22-01-extensions': extensions,
  '2026-11-22-02-accounts': accounts,
  '2026-11-22-03-limits': limits,
  '2026-11-22-04-organizations': organizations,
  '2026-11-22-05-groups-roles-regions': groupsRolesRegions,
  '2026-11-22-06-memberships': memberships,
  '2026-11-22-07-invitations': invitations,
  '2026-11-22-08-mail-and-events': mailAndEvents,
  '2026-11-22-09-turns': turns,
  '2026-11-22-10-memberships-of-account': placesOfAccount,
  '2026-11-22-12-holders': holders,
  '2026-11-22-13-removals': removals,
  '2026-11-22-20-audit': audit,
  '2026-11-23-01-drafts': drafts,
  '2026-11-23-04-acts-on-accounts': actsOnAccounts,
  '2026-11-23-05-invite-of-present': inviteOfPresent,
  '2026-11-23-06-area-versions': areaVersions,
  '2026-11-23-07-removed-in-area': removedInArea,
  '2026-11-23-08-seats': seats,
  '2026-11-23-09-email-changes': emailChanges,
  '2026-11-28-01-inviting': inviting,
  '2026-11-28-02-01-mail-sending': mailSending,
  '2026-11-28-03-01-history': history,
  '2026-11-28-05-01-link-asked': linkAsked,
  '2026-11-28-05-02-support': support,
  '2026-11-28-06-01-upkeep-of-invitations': upkeepOfInvitations,
  '2026-11-28-07-two-factor': twoFactor,
  '2026-11-28-09-01-given': given,
  '2026-11-28-09-02-other-admin': otherAdmin,
  '2026-11-29-01-required-two-factor': requiredTwoFactor,
  '2026-11-29-02-own-email': ownEmail,
  '2026-11-29-03-01-avatars': avatars,
  '2026-11-29-04-01-letters': letters,
  '2026-11-29-05-givers': givers,
  '2026-11-29-06-bound': bound,
  '2026-11-29-06-kept-addresses': keptAddresses,
  '2026-11-29-07-places-held': placesHeld,
  '2026-11-29-08-01-covering-history': coveringHistory,
  '2026-11-29-09-planned-once': plannedOnce,
  '2026-11-29-10-notices-a-day': noticesADay,
}
