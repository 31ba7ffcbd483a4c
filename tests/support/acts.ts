import { shortId } from '../../src/platform/ids.ts'
import type { Answer, Browser } from './browser.ts'

/** Where an act on a person has its page. */
export const actOn = (person: { id: string }, name: string): string => `members/${shortId(person.id)}/${name}`

/** The hidden fields of the only form with a button that a page has for this act: its version, and what else it carries. */
export const hiddenIn = (html: string): Record<string, string> =>
  Object.fromEntries(
    [...html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(([, name = '', value = '']) => [
      name,
      value,
    ]),
  )

/** Opens the page of an act, fills in its form and presses its button. */
export async function act(
  browser: Browser,
  person: { id: string },
  name: string,
  fields: Record<string, string | string[]> = {},
): Promise<Answer> {
  const { html } = await browser.get(actOn(person, name))
  return browser.post(actOn(person, name), { ...hiddenIn(html), ...fields })
}
