import { makeSupport } from '../../src/accounts/support-staff.ts'
import { operatorCause } from '../../src/tasks/command.ts'
import { Browser } from '../support/browser.ts'
import { startSession } from '../support/start-session.ts'
import { unique } from '../support/unique.ts'
import type { organization } from '../support/world.ts'

export type World = Awaited<ReturnType<typeof organization>>

/** Sam is support staff, has no place in any organization, and is signed in. */
export async function sam(world: World) {
  const { services, clock, db, app } = world
  const email = `sam.${unique()}@support.example`
  const { id } = await makeSupport(services.db, operatorCause(clock.now), email)
  const browser = new Browser(app)
  const cookie = await startSession(db, clock.now, services.config.secure, {
    accountId: id,
    stage: 'full',
    ip: browser.ip,
    userAgent: 'test',
    confirmed: true,
  })
  const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
  browser.cookies.set(name, value)
  return Object.assign(browser, { accountId: id, email })
}

/** What support staff did or looked at, as the log of an organization has it. */
export const seenIn = (world: World, organizationId: string) =>
  world.db
    .selectFrom('event')
    .select(['act', 'actor_id', 'how', 'subject', 'subject_id'])
    .where('organization_id', '=', organizationId)
    .where('how', '=', 'support')
    .orderBy('id')
    .execute()

/** The organization decides that support staff see nothing of it. */
export const close = (world: World, organizationId: string) =>
  world.db.updateTable('organization').set({ support_access: false }).where('id', '=', organizationId).execute()
