import { shortId } from '../../../src/platform/ids.ts'
import { invite } from '../../joining/invited.ts'
import { sam as enterSam } from '../../support-staff/sam.ts'
import type { Place } from './place.ts'
import type { Screen } from './screen.ts'

/** Support staff: the history of all organizations, why somebody can't get in, and what they do about it. */
export async function supportScreens(
  place: Place,
  blocked: { email: string; accountId: string | null },
): Promise<Screen[]> {
  const who = await enterSam(place)
  const sent = await invite(place, { last: 'Neverarrived' })
  const id = shortId(sent.id)
  const person = shortId(blocked.accountId ?? '')
  const about = (email: string) => `/support/people?email=${encodeURIComponent(email)}`
  return [
    { name: 'support, the history', who, path: '/support/invitations' },
    { name: 'support, nothing found', who, path: '/support/invitations?q=nobody+at+all&status=revoked' },
    {
      name: 'support, by email, two filters',
      who,
      path: '/support/invitations?sort=email&status=pending_activation&timeframe=7d',
    },
    {
      name: 'support, a filter with its counts',
      who,
      path: '/support/invitations',
      act: async (page) => {
        await page.locator('.find > .fold, .find summary').filter({ visible: true }).first().click()
        await page.locator('#of-status i').first().waitFor({ state: 'attached' })
      },
    },
    { name: 'support, an invitation', who, path: `/support/invitations/${id}` },
    { name: 'support, resending', who, path: `/support/invitations/${id}/resend` },
    { name: 'support, whom to help', who, path: '/support/people' },
    { name: 'support, somebody invited', who, path: about(sent.email) },
    { name: 'support, somebody blocked', who, path: about(blocked.email) },
    { name: 'support, nobody', who, path: about('nobody.at.all@example.org') },
    { name: 'support, no address', who, path: about('nobody') },
    { name: 'support, a reset link', who, path: `/support/people/${person}/reset-link` },
    { name: 'support, unblocking', who, path: `/support/people/${person}/unblock` },
  ]
}
