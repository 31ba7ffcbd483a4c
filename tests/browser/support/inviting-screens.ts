import type { Page } from 'playwright-core'
import { newId, shortId } from '../../../src/platform/ids.ts'
import { type Invitation, invite } from '../../joining/invited.ts'
import { unique } from '../../support/unique.ts'
import type { Place } from './place.ts'
import { type Screen, send } from './screen.ts'

const long = 'nimali.of.a.rather.long.address@catastrophe.adjusters.example.org'

/** Its mail, and that the mail server refused it. */
async function refused({ db, here }: Place, { id, email }: Invitation) {
  const now = new Date()
  const mail = newId()
  await db
    .insertInto('mail')
    .values({
      id: mail,
      organization_id: here.id,
      template: 'invitation',
      data: {},
      to_address: email,
      to_key: email,
      invitation_id: id,
      generation: 1,
      created_at: now,
    })
    .execute()
  const answer = '550 5.1.1 Recipient address rejected: User unknown in virtual mailbox table'
  await db
    .insertInto('mail_answer')
    .values({ id: newId(), organization_id: here.id, mail_id: mail, at: now, kind: 'refused', answer })
    .execute()
}

/** The history of invitations, each of their states beside it, and every act on one. */
export async function invitingScreens(place: Place): Promise<Screen[]> {
  const { ana, mia, list } = place
  const history = `${list.replace(/members$/, '')}invitations`
  const details = { email: long, first: 'Nimali', last: 'Wijesinghe Arachchilage', message: 'Welcome!\nSee you soon.' }
  const sent = await invite(place, details)
  await refused(place, sent)
  const waiting = await invite(place, { by: mia.person.id, last: 'Waits', message: 'Two\nlines' })
  await place.db
    .updateTable('invitation')
    .set({ status: 'pending_approval', approval: 'waiting', expires_at: null })
    .where('id', '=', waiting.id)
    .execute()
  const ended: [string, Invitation][] = []
  for (const [status, name] of [
    ['rejected', 'declined'],
    ['revoked', 'revoked'],
    ['active', 'accepted'],
  ] as const) {
    const one = await invite(place, { last: name })
    const accepted_at = status === 'active' ? new Date() : null
    await place.db.updateTable('invitation').set({ status, accepted_at }).where('id', '=', one.id).execute()
    ended.push([name, one])
  }
  ended.push(['expired', await invite(place, { validity: -1000, last: 'Expired' })])
  const at = ({ id }: Invitation, act = '') => `${history}/${shortId(id)}${act}`
  const pressed = (name: string, invitation: Invitation, act: string, then: (page: Page) => Promise<void>): Screen => ({
    name,
    who: ana,
    path: at(invitation, act),
    act: then,
  })
  const open = (selector: string) => async (page: Page) => {
    await page.locator(selector).filter({ visible: true }).first().click()
  }
  return [
    { name: 'the history', who: ana, path: history },
    { name: 'the history, many filters', who: ana, path: `${history}?status=expired&status=rejected&role=member&q=n` },
    { name: 'the history, nothing found', who: ana, path: `${history}?q=nobody+at+all` },
    { name: 'the history, a filter open', who: ana, path: history, act: open('.find > .fold, .find summary') },
    {
      name: 'the history, a row’s actions open',
      who: ana,
      path: history,
      act: async (page) => {
        await page.locator('.go').first().click()
        await page.locator('#acts').waitFor()
      },
    },
    {
      name: 'somebody invited, among the members',
      who: ana,
      path: `${list}?q=nimali`,
      act: async (page) => {
        await page.locator('.grid tbody th a').first().click()
        await page.locator('section.panel').waitFor()
      },
    },
    { name: 'an invitation', who: ana, path: at(sent) },
    { name: 'an invitation that waits', who: ana, path: at(waiting) },
    ...ended.map(([name, one]) => ({ name: `an invitation, ${name}`, who: ana, path: at(one) })),
    { name: 'approving', who: ana, path: at(waiting, '/approve') },
    pressed('denying, without a reason', waiting, '/deny', (page) => send(page, 'Deny')),
    { name: 'resending', who: ana, path: at(sent, '/resend') },
    pressed('resending, for too long', sent, '/resend', async (page) => {
      await page.getByLabel('Valid for, in days').fill('99')
      await send(page, 'Resend invitation')
    }),
    pressed('correcting an address, wrong', sent, '/address', async (page) => {
      await page.getByLabel('Right address').fill('nobody')
      await send(page, 'Correct and send')
    }),
    { name: 'revoking', who: ana, path: at(sent, '/revoke') },
    { name: 'copying a link', who: ana, path: at(sent, '/link') },
    pressed('a link, shown once', sent, '/link', (page) => send(page, 'Show the link')),
    { name: 'inviting somebody again', who: ana, path: `${history}/new?email=${encodeURIComponent(long)}` },
    { name: 'what became of an invitation', who: ana, path: `${history}/new/sent/${shortId(sent.id)}` },
    {
      name: 'inviting several, done',
      who: ana,
      path: `${history}/new/several`,
      act: async (page) => {
        await page.getByLabel('Addresses').fill(`several.${unique()}@example.net\nnobody`)
        await send(page, 'Check the list')
        await send(page, 'Send 1 invitation')
      },
    },
  ]
}
