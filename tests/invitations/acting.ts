import { shortId } from '../../src/platform/ids.ts'
import { hiddenIn } from '../support/acts.ts'
import type { Answer, Browser } from '../support/browser.ts'

/** Where an act on an invitation has its page. */
export const at = ({ id }: { id: string }, name: string): string => `invitations/${shortId(id)}/${name}`

/** The value that a field of the page has. */
const daysIn = (html: string) => /id="days"[^>]*value="(\d+)"/.exec(html)?.[1]

/** Opens the page of an act, fills in its form and presses its button. */
export async function act(
  browser: Browser,
  invitation: { id: string },
  name: string,
  fields: Record<string, string> = {},
): Promise<Answer> {
  const { html } = await browser.get(at(invitation, name))
  const days = daysIn(html)
  return browser.post(at(invitation, name), { ...hiddenIn(html), ...(days && { days }), ...fields })
}
