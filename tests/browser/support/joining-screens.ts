import { elsewhere, invite } from '../../joining/invited.ts'
import { signedIn } from '../../support/world.ts'
import type { Place } from './place.ts'
import { type Screen, send } from './screen.ts'

/** What the link of an invitation leads to, for everybody who may open it. */
export async function joiningScreens(place: Place): Promise<Screen[]> {
  const { mia, here } = place
  const anew = await invite(place, { group: here.defaultGroup, message: 'Welcome!\nSee you soon.' })
  const else_ = await elsewhere(place)
  const known = await invite(place, { email: else_.email })
  const signed = await signedIn(place, else_, place.elsewhere)
  await place.db
    .updateTable('session')
    .set({ confirmed_at: null })
    .where('account_id', '=', else_.accountId ?? '')
    .execute()
  return [
    { name: 'joining', who: null, path: anew.link() },
    { name: 'joining, nothing typed', who: null, path: anew.link(), act: (page) => send(page, 'Accept and join') },
    { name: 'joining with an account', who: null, path: known.link() },
    { name: 'joining with an account, signed in', who: signed, path: known.link() },
    {
      name: 'joining with an account, is it you',
      who: signed,
      path: known.link(),
      act: async (page) => {
        await page.getByLabel('Last name').fill('New')
        await send(page, 'Accept and join')
      },
    },
    { name: 'joining, as somebody else', who: mia, path: anew.link() },
    {
      name: 'declining',
      who: null,
      path: anew.link(),
      act: async (page) => {
        await page.getByRole('link', { name: 'Decline' }).click()
        await page.waitForURL(/decline$/)
      },
    },
    { name: 'declined', who: null, path: '/join/declined' },
    { name: 'joining waits', who: null, path: '/join/waiting' },
    { name: 'joining, by a link that doesn’t work', who: null, path: '/join/nonsense' },
    { name: 'joining, by a link that doesn’t work, signed in', who: mia, path: '/join/nonsense' },
    { name: 'a new link asked for', who: null, path: '/join/asked' },
  ]
}
