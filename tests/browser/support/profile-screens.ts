import { setAvatar } from '../../../src/avatars/commands.ts'
import { picturesFrom } from '../../../src/avatars/picture.ts'
import type { Actor } from '../../../src/platform/access/actor.ts'
import { shortId } from '../../../src/platform/ids.ts'
import { operatorCause } from '../../../src/tasks/command.ts'
import { plain } from '../../avatars/pictures.ts'
import { makeGroup } from '../../support/world.ts'
import type { Place } from './place.ts'
import { type Screen, send } from './screen.ts'

/** One's own details and picture: free, with fields that the group keeps, and with what is wrong. */
export async function profileScreens(place: Place): Promise<Screen[]> {
  const { db, here, list, add, services } = place
  const base = list.replace(/\/members$/, '')
  const group = await makeGroup(db, here.id, 'Adjusters whose names are kept')
  for (const field of ['first_name', 'last_name', 'title', 'cell_phone'])
    await db.insertInto('group_locked_field').values({ organization_id: here.id, group_id: group, field }).execute()
  await add({ first: 'Gilda', last: 'Ofthelocks', group, manages: true })
  const kept = await place.enter({ first: 'Kim', last: 'Kept', title: 'Senior loss adjuster', group })
  const shown = await place.enter({ first: 'Pia', last: 'Pictured' })
  const made = await picturesFrom(await plain(300, 200, '#3a7d5c').png().toBuffer())
  const pia = { accountId: shown.person.accountId, organization: here, membership: shown.person } as unknown as Actor
  if (!('refused' in made)) await setAvatar(services.db, operatorCause(new Date()), services.key, pia, made)
  const chosen = async (page: Parameters<NonNullable<Screen['act']>>[0], file: string) => {
    await page
      .getByLabel('Picture', { exact: true })
      .setInputFiles({ name: 'me.png', mimeType: 'image/png', buffer: Buffer.from(file) })
    await send(page, 'Use this picture')
  }
  return [
    { name: 'one’s profile, of which the group keeps some', who: kept, path: `${base}/profile` },
    { name: 'one’s profile, with a picture', who: shown, path: `${base}/profile` },
    {
      name: 'one’s profile, wrong',
      who: shown,
      path: `${base}/profile`,
      act: async (page) => {
        await page.getByLabel('Cell phone').fill('call me')
        await send(page, 'Save')
      },
    },
    { name: 'one’s own details, with a picture', who: shown, path: `${list}/me` },
    { name: 'no picture yet', who: kept, path: `${base}/profile/avatar` },
    {
      name: 'a picture that is none',
      who: kept,
      path: `${base}/profile/avatar`,
      act: (page) => chosen(page, '<svg xmlns="http://www.w3.org/2000/svg"/>'),
    },
    { name: 'one’s picture', who: shown, path: `${base}/profile/avatar` },
    { name: 'somebody’s picture, to be removed', who: place.ana, path: `${list}/${shortId(shown.person.id)}/picture` },
  ]
}
