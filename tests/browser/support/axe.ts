import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
type Violation = { id: string; nodes: { html: string; failureSummary: string }[] }

/** What axe-core finds; of colors alone where the rest has been looked at already. */
export async function violations(page: Page, colors = false): Promise<string[]> {
  // Half a megabyte: sent once a page, and raw.
  if (!(await page.evaluate('"axe" in window'))) {
    const session = await page.context().newCDPSession(page)
    await session.send('Runtime.evaluate', { expression: `${axe};0` })
  }
  // What fades in is judged when it is there.
  await page.evaluate('Promise.allSettled(document.getAnimations().map((one) => one.finished))')
  const only = colors ? { runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] } } : {}
  const violations = await page.evaluate<Violation[]>(
    `axe.run(document, ${JSON.stringify({ resultTypes: ['violations'], ...only })}).then((result) => result.violations)`,
  )
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  )
}
