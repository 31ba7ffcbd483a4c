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
}
