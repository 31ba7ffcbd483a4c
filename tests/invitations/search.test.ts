import { beforeAll, expect, test } from 'vitest'
import { organization } from '../support/world.ts'
import { past } from './past.ts'

let world: Awaited<ReturnType<typeof organization>>

beforeAll(async () => {
  world = await organization()
  const { db, here, clock } = world
  const sender = { id: world.ana.person.id, first: 'Łukasz', last: 'Wójcik' }
  const add = (first: string, last: string, email: string, by = false) =>
    past(db, here, clock.now, { first, last, email, ...(by ? { sender } : {}) })
  await add('Siobhán', "O'Neil", 'siobhan@harbor.example')
  await add('佐藤', '健一', 'sato.kenichi@vale.example')
  await add('Xu', 'Li', 'xu.li@harbor.example', true)
  await add('100%', 'Under_score', 'odd@vale.example')
  await add('', '', 'nameless@quay.example')
})

const found = async (q: string) => {
  const { html, status } = await world.ana.get(`invitations?${new URLSearchParams({ q, sort: 'email' })}`)
  expect(status, q).toBe(200)
  return [...html.matchAll(/<\/th><td>([^<]+)@/g)].map(([, name]) => name)
}

test('names, address and sender are searched, whatever accents, case and punctuation', async () => {
  expect(await found('siobhan')).toEqual(['siobhan'])
  expect(await found('SIOBHÁN ONEIL')).toEqual(['siobhan'])
  expect(await found('o’neil')).toEqual(['siobhan'])
  expect(await found('kenichi@vale')).toEqual(['sato.kenichi'])
  expect(await found('健一')).toEqual(['sato.kenichi'])
  expect(await found('lukasz wojcik')).toEqual(['xu.li'])
  expect(await found('quay')).toEqual(['nameless'])
})

test('one or two letters are the start of a word', async () => {
  expect(await found('x')).toEqual(['xu.li'])
  expect(await found('li')).toEqual(['xu.li'])
  expect(await found('ei')).toEqual([])
})

test('what SQL reads as a pattern is a letter like others, and a search for nothing finds nothing', async () => {
  expect(await found('100%')).toEqual(['odd'])
  expect(await found('under_s')).toEqual(['odd'])
  expect(await found('%')).toEqual([])
  expect(await found("'; drop table invitation; --")).toEqual([])
  expect(await found('🙂')).toEqual([])
})

test('a search goes on within the filters, and is cut after 200 letters', async () => {
  const { text } = await world.ana.get('invitations?q=harbor&status=revoked')
  expect(text).toContain('No invitation matches all of this')
  const { html } = await world.ana.get(`invitations?q=${'a'.repeat(5000)}`)
  expect(html).toContain(`value="${'a'.repeat(200)}"`)
})
