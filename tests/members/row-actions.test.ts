import { beforeAll, expect, test } from 'vitest'
import { shortId } from '../../src/platform/ids.ts'
import { organization } from '../support/world.ts'

let world: Awaited<ReturnType<typeof organization>>
beforeAll(async () => {
  world = await organization()
})

const actionsOf = (person: { id: string }, query = '') => `members/${shortId(person.id)}/actions${query}`
/** The labels of links to acts, with where they lead. */
const entries = (html: string) =>
  [...html.matchAll(/<a[^>]* href="[^"]*\/members\/[^/"]*\/([\w-]+)[^"]*"[^>]*>([^<]*)</g)].map(([, act, label]) => [
    act,
    label,
  ])

test('a row’s actions are those at the foot of that person’s panel, for everybody', async () => {
  const { ana, gus, vera, mia, ian } = world
  for (const browser of [ana, gus, vera])
    for (const { person } of [mia, ian, ana, gus]) {
      const panel = await browser.swap.get(`members/${person.id}`)
      const menu = await browser.swap.get(actionsOf(person))
      expect(menu.status).toBe(panel.status)
      if (menu.status !== 200) continue
      const foot = /<footer.*<\/footer>/s.exec(panel.html)?.[0] ?? ''
      expect(entries(menu.html)).toEqual(entries(foot))
    }
  expect(entries((await ana.swap.get(actionsOf(mia.person))).html)).toContainEqual([
    'remove',
    'Remove from organization',
  ])
  expect((await vera.swap.get(actionsOf(mia.person))).text).toContain('There is nothing that you may change.')
})

test('they keep the list’s place, and as a page they are the person beside the list', async () => {
  const { html } = await world.ana.swap.get(actionsOf(world.mia.person, '?status=active&sort=-email'))
  expect(html).toContain(`${shortId(world.mia.person.id)}/edit?status=active&amp;sort=-email"`)
  const page = await world.ana.get(actionsOf(world.mia.person))
  expect(page.html).toContain('<table class="grid')
  expect(page.title).toContain(world.mia.person.first)
})
