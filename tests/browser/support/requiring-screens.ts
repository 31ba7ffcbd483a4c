import { dayOf, daysAfter } from '../../../src/platform/access/status.ts'
import { shortId } from '../../../src/platform/ids.ts'
import { addPerson, makeOrganization, signedIn } from '../../support/world.ts'
import type { Place } from './place.ts'
import { type Screen, send } from './screen.ts'

/** Two-factor that is required, in an organization of its own: the setting, an exemption, and the line above every screen. */
export async function requiringScreens(place: Place): Promise<Screen[]> {
  const { db, clock } = place
  const here = await makeOrganization(db, 'Lantern Claims and Adjusting', clock.now)
  const today = dayOf(clock.now)
  await db
    .updateTable('organization')
    .set({ two_factor_from: daysAfter(today, 5) })
    .where('id', '=', here.id)
    .execute()
  const add = (first: string, last: string, role?: 'admin') =>
    addPerson(db, here, clock.now, { first, last, ...(role && { role }) })
  const who = await signedIn(place, await add('Ada', 'Admin', 'admin'), here)
  const mia = await add('Mia', 'Charalampopoulou-Papadimitriou')
  const ian = await add('Ian', 'Intake')
  const exempt = { organization_id: here.id, membership_id: mia.id, until: daysAfter(today, 20), given_at: clock.now }
  await db
    .insertInto('two_factor_exemption')
    .values({
      ...exempt,
      given_by: who.person.id,
      reason: 'Her new phone is on its way from the other end of the world',
    })
    .execute()
  const base = `/o/${here.slug}`
  const person = (one: { id: string }) => `${base}/members/${shortId(one.id)}`
  return [
    { name: 'requiring two-factor', who, path: `${base}/settings/security/two-factor` },
    {
      name: 'requiring two-factor, a day that has passed',
      who,
      path: `${base}/settings/security/two-factor`,
      act: async (page) => {
        await page.locator('[name=from]').fill('2020-01-01')
        await send(page, 'Save')
      },
    },
    { name: 'the list under the line about two-factor', who, path: `${base}/members` },
    { name: 'somebody exempt', who, path: person(mia) },
    { name: 'exempting somebody', who, path: `${person(ian)}/exempt` },
    { name: 'ending an exemption', who, path: `${person(mia)}/end-exemption` },
  ]
}
