import type { Page } from 'playwright-core'
import type { Browser as Client } from '../../support/browser.ts'

/** One page or state of a page: who is there, at which address, and what they do to get into the state. */
export type Screen = { name: string; who: Client | null; path: string; act?: (page: Page) => Promise<void> }

/** Sends a form that the browser itself would have stopped, and waits for the page or the swap that is its answer. */
export const send = async (page: Page, button: string) => {
  await page.evaluate('document.querySelectorAll("form").forEach((form) => { form.noValidate = true })')
  const swapped = page.evaluate(
    'new Promise((done) => addEventListener("htmx:after:swap", () => done(), { once: true }))',
  )
  const answered = Promise.any([page.waitForEvent('load'), swapped])
  await Promise.all([answered, page.getByRole('button', { name: button }).click()])
}
