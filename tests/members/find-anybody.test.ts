import { beforeAll, expect, test } from 'vitest'
import { newId, shortId } from '../../src/platform/ids.ts'
import { people as madeUp } from '../../src/tasks/seed/people.ts'
import { organization } from '../support/world.ts'

/*
 * Anybody is found by any part of what they are called, typed with or without its accents, in any case and script: tried with people
 * of `rollcall seed`, few enough that one page holds everybody whom a term could find.
 */
type Known = { id: string; texts: string[] }
let world: Awaited<ReturnType<typeof organization>>
const known: Known[] = []

/** Letters of a name with their marks, as people count them. */
const letters = (text: string) =>
  [...new Intl.Segmenter('und', { granularity: 'grapheme' }).segment(text)].map(({ segment }) => segment)
const latin = /^[\p{Script=Latin}\p{M}]+$/u
const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u
/** What people type who haven't these letters on their keyboard. */
const stroked: Record<string, string> = {
  ł: 'l',
  Ł: 'L',
  ø: 'o',
  Ø: 'O',
  đ: 'd',
  Đ: 'D',
  ß: 'ss',
  æ: 'ae',
  Æ: 'Ae',
  ı: 'i',
}
const unaccented = (text: string) =>
  text
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[łŁøØđĐßæÆı]/g, (letter) => stroked[letter] ?? letter)

beforeAll(async () => {
  world = await organization()
  const stroke = new RegExp(`[${Object.keys(stroked).join('')}]`)
  const surroundings = { now: world.clock.now, groups: 0, customRoles: 0, areas: [], permissions: [] }
  const crowd = [...madeUp(3000, 11, surroundings)]
  // One of each script first, then whoever comes.
  const scripts = [
    'Han',
    'Hangul',
    'Hiragana',
    'Arabic',
    'Hebrew',
    'Cyrillic',
    'Greek',
    'Devanagari',
    'Tamil',
    'Thai',
    'Georgian',
    'Armenian',
    'Ethiopic',
    'Bengali',
  ]
  const chosen = new Set(
    scripts.flatMap((script) =>
      crowd.filter((one) => new RegExp(`\\p{Script=${script}}`, 'u').test(one.firstName)).slice(0, 2),
    ),
  )
  for (const one of crowd) if (chosen.size < 36) chosen.add(one)
  for (const one of crowd) if (stroke.test(one.lastName) && chosen.size < 44) chosen.add(one)
  for (const { firstName, lastName } of chosen) {
    // Addresses spell names without accents: by these nobody would be found who can be by the name.
    const email = `${known.length}.${newId()}@example.org`
    const username = known.length % 5 === 0 ? `user_${known.length}.q${newId().slice(20, 23)}` : null
    const { id } = await world.add({ first: firstName, last: lastName, email, username })
    known.push({ id: shortId(id), texts: [firstName, lastName, email, username ?? ''].filter(Boolean) })
  }
})

const ask = async (q: string) => {
  const { status, html } = await world.ana.swap.get(`members?${new URLSearchParams({ q })}`)
  expect([q, status]).toEqual([q, 200])
  return [...html.matchAll(/class="name"><a href="[^"]*\/members\/([\w-]{16})/g)].map(([, id]) => id ?? '')
}
/** Asked once: nobody changes, and the parts of addresses are alike. */
const found = new Map<string, Promise<string[]>>()
const find = (q: string) => {
  const ids = found.get(q) ?? ask(q)
  found.set(q, ids)
  return ids
}

/** What somebody might type to find one word. */
function termsFor(word: string): string[] {
  const all = letters(word)
  const start = (count: number) => all.slice(0, count).join('')
  const terms = [word, start(1), start(2), start(3), start(4), word.toUpperCase(), word.toLowerCase()]
  // Inside a word from three letters on; in scripts without spaces from any letter.
  for (let at = 1; at + 3 <= all.length; at += 2) terms.push(all.slice(at, at + 3).join(''))
  if (unspaced.test(word)) for (let at = 1; at < all.length; at++) terms.push(all.slice(at).join(''), all[at] ?? '')
  if (latin.test(word)) terms.push(unaccented(word), unaccented(start(3)), word.normalize('NFD'), word.normalize('NFC'))
  return [...new Set(terms)].filter((term) => /[\p{L}\p{N}]/u.test(term))
}

test('there are people of many scripts', () => {
  expect(known.length).toBeGreaterThan(38)
  expect(known.length + 6).toBeLessThanOrEqual(50)
  const scripts = ['Latin', 'Han', 'Hangul', 'Arabic', 'Cyrillic', 'Devanagari', 'Thai', 'Hebrew', 'Greek']
  for (const script of scripts)
    expect(
      known.some(({ texts }) => new RegExp(`\\p{Script=${script}}`, 'u').test(texts[0] ?? '')),
      script,
    ).toBe(true)
})

test('everybody is found by any word of theirs, whole, begun, or cut out of its middle', async () => {
  const missed: string[] = []
  let tried = 0
  for (const { id, texts } of known)
    for (const word of new Set(texts.flatMap((text) => text.split(/\s+/)))) {
      for (const term of termsFor(word)) {
        tried++
        if (!(await find(term)).includes(id)) missed.push(`${term} for ${word}`)
      }
    }
  expect(missed).toEqual([])
  expect(tried).toBeGreaterThan(1000)
}, 120_000)

test('two words of somebody find them in either order, and both must match', async () => {
  for (const { id, texts } of known) {
    const [first = '', last = ''] = texts
    const words = [first.split(/\s+/)[0] ?? '', last.split(/\s+/)[0] ?? ''].filter((one) => one && !one.includes('@'))
    if (words.length < 2) continue
    expect(await find(words.join(' '))).toContain(id)
    expect(await find(words.reverse().join('  '))).toContain(id)
    expect(await find(`${words[0]} qzxqzx`)).toEqual([])
  }
})

test('nobody is found who has nothing of what was typed', async () => {
  const plain = (text: string) =>
    text
      .normalize('NFKD')
      .replace(/\p{M}+/gu, '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, '')
  for (const { texts } of known.slice(0, 25)) {
    const term = letters(texts[0] ?? '')
      .slice(0, 3)
      .join('')
      .trim()
    if (letters(term).length < 3 || /\s/.test(term)) continue
    for (const id of await find(term)) {
      const person = known.find((one) => one.id === id)
      if (!person) continue
      expect([term, person.texts.some((text) => plain(text).includes(plain(term)))]).toEqual([term, true])
    }
  }
})
