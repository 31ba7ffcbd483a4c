import type { Stage } from '../../../src/platform/access/actor.ts'
import { Browser as Client } from '../../support/browser.ts'
import { startSession } from '../../support/start-session.ts'
import { minutes } from '../../support/world.ts'
import { app, begun, codes, enroll, phone, security } from '../../two-factor/phone.ts'
import type { Place } from './place.ts'
import { type Screen, send } from './screen.ts'

/** Two-factor: turned on, used at the door, and turned off. */
export async function secondStepScreens(place: Place): Promise<Screen[]> {
  const { clock, services } = place
  // The program answers under the address that the browser knows it by, and no other.
  const host = { Host: new URL(place.origin).host }
  const enter = async (details: { first: string; last: string }) => {
    const { person, cookies } = await place.enter(details)
    return Object.assign(new Client(place.app, '', undefined, host), { person, cookies })
  }
  const at = async (stage: Stage, person: { accountId: string | null }, confirmed = true, since = new Date()) => {
    const client = new Client(place.app, '', undefined, host)
    const started = { accountId: person.accountId ?? '', stage, ip: client.ip, userAgent: 'test', confirmed }
    const [, name = '', value = ''] =
      /^([^=]+)=([^;]*)/.exec(await startSession(services.db, since, false, started)) ?? []
    client.cookies.set(name, value)
    return client
  }
  const none = await enter({ first: 'Una', last: 'Unprotected' })
  const begins = await enter({ first: 'Bea', last: 'Begins' })
  await begun(begins)
  const saves = await enter({ first: 'Sal', last: 'Saves' })
  const first = await begun(saves)
  await saves.post(app, { code: phone(first.secret, clock).code(), enrollment: first.enrollment })
  const has = await enter({ first: 'Hal', last: 'Has' })
  await enroll(has, clock)
  const must = await at('enroll', (await enter({ first: 'Max', last: 'Must' })).person)
  const mustBegun = await at('enroll', (await enter({ first: 'Moe', last: 'Must' })).person)
  await begun(mustBegun, '/sign-in/enroll')
  // Begun, and left for longer than the confirmation lasts.
  const left = await enter({ first: 'Lea', last: 'Left' })
  const mustConfirm = await at('enroll', left.person)
  await begun(mustConfirm, '/sign-in/enroll')
  await services.db
    .updateTable('session')
    .set({ confirmed_at: new Date(Date.now() - 11 * 60_000) })
    .where('account_id', '=', left.person.accountId)
    .execute()
  // Who begins in a session that isn't new is asked again who they are.
  const before = new Date(Date.now() - minutes(20))
  const old = await at('enroll', (await enter({ first: 'Ola', last: 'Must' })).person, false, before)
  const door = await at('password', has.person)
  const unsure = await at('full', none.person, false)
  return [
    { name: 'two-factor, off', who: none, path: security },
    { name: 'two-factor, the app', who: begins, path: app },
    {
      name: 'two-factor, a wrong code',
      who: begins,
      path: app,
      act: async (page) => {
        await page.locator('[name=code]').fill('12')
        await send(page, 'Confirm the code')
      },
    },
    { name: 'two-factor, the backup codes', who: saves, path: codes },
    {
      name: 'two-factor, the codes not saved',
      who: saves,
      path: codes,
      act: (page) => send(page, 'Turn on two-factor'),
    },
    { name: 'two-factor, on', who: has, path: security },
    { name: 'two-factor, turning it off', who: has, path: `${app}/off` },
    { name: 'two-factor, needed', who: must, path: '/sign-in/enroll' },
    { name: 'two-factor, needed, the app', who: mustBegun, path: '/sign-in/enroll' },
    { name: 'two-factor, needed, is it you', who: mustConfirm, path: '/sign-in/enroll' },
    {
      name: 'two-factor, needed, is it you, before it begins',
      who: old,
      path: '/sign-in/enroll',
      act: async (page) => {
        await send(page, 'Begin')
        await page.getByLabel('Password').waitFor()
      },
    },
    { name: 'the second step', who: door, path: '/sign-in/two-factor' },
    {
      name: 'the second step, nothing typed',
      who: door,
      path: '/sign-in/two-factor',
      act: (page) => send(page, 'Sign in'),
    },
    { name: 'the second step, by a backup code', who: door, path: '/sign-in/backup-code' },
    { name: 'a lost device', who: door, path: '/sign-in/lost-device' },
    { name: 'is it you', who: unsure, path: app },
  ]
}
