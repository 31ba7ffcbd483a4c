import { beforeAll, describe, expect, test } from 'vitest'
import { addPerson, organization, type PersonDetails } from '../support/world.ts'

let world: Awaited<ReturnType<typeof organization>>

const people: PersonDetails[] = [
  { first: 'Siobhán', last: 'Ní Dhomhnaill', email: 'siobhan@harbor.example' },
  { first: 'Łukasz', last: 'Wiśniewski', email: 'lukasz@harbor.example' },
  { first: 'Mehmet', last: 'Yıldırım', email: 'mehmet@harbor.example' },
  { first: 'Keanu', last: 'Kealiʻiahonui', email: 'keanu@harbor.example' },
  { first: 'Bridget', last: 'O’Neil-Smith', email: 'bridget@harbor.example', username: 'b.oneil' },
  { first: 'Abdulrahman', last: 'Al-Otaibi', email: 'abdul@harbor.example' },
  { first: '美玲', last: '陈', email: 'chen@harbor.example' },
  { first: '佐藤花子', last: '', email: 'hanako@harbor.example' },
  { first: '민준', last: '김', email: 'kim@harbor.example' },
  { first: 'أحمد', last: 'المنصوري', email: 'ahmed@harbor.example' },
  { first: 'Ирина', last: 'Соколова', email: 'irina@harbor.example' },
  { first: 'அருண்', last: 'குமார்', email: 'arun@harbor.example' },
  { first: 'علی‌رضا', last: 'کریمی', email: 'alireza@harbor.example' },
  { first: 'Percy', last: '100% Sure_Thing', email: 'percy@harbor.example' },
  { first: 'Rob', last: "Back\\slash'; drop table membership; --", email: 'rob@harbor.example' },
  { first: 'Lakshmi', last: '', email: 'lakshmi@vale.example' },
]

beforeAll(async () => {
  world = await organization()
  for (const details of people) await world.add(details)
  await addPerson(world.db, world.elsewhere, world.clock.now, {
    first: 'Siobhán',
    last: 'Elsewhere',
    email: `s.${Date.now()}@else.example`,
  })
})

const found = async (q: string, browser = world.ana) => {
  const answer = await browser.get(`members?${new URLSearchParams({ q })}`)
  expect(answer.status).toBe(200)
  return [...answer.html.matchAll(/<td>([^@<]+)@/g)].map(([, name]) => name)
}

describe('Ana finds somebody', () => {
  test.each([
    ['by the first name without its accent', 'siobhan', ['siobhan']],
    ['by the first name with it', 'SIOBHÁN', ['siobhan']],
    ['by two letters that fold to others', 'Łá', ['lakshmi']],
    ['by two letters at the start of a word', 'dh', ['siobhan']],
    ['by one letter at the start of a word', 'ł', ['lukasz', 'lakshmi']],
    ['by letters in the middle of a word', 'wisniews', ['lukasz']],
    ['by letters from the inside of a word', 'niewsk', ['lukasz']],
    ['without the dotless i', 'yildirim', ['mehmet']],
    ['without the okina', 'kealiiahonui', ['keanu']],
    ['with a straight apostrophe', "o'neil", ['bridget']],
    ['without the apostrophe', 'oneil', ['bridget']],
    ['without the hyphen', 'al otaibi', ['abdul']],
    ['by the second part of a double name', 'smith', ['bridget']],
    ['by the username', 'b.oneil', ['bridget']],
    ['by the address', 'lakshmi@vale.example', ['lakshmi']],
    ['by the domain of the address', 'vale.example', ['lakshmi']],
    ['by two words in any order', 'dhomhnaill siob', ['siobhan']],
    ['by a Chinese family name', '陈', ['chen']],
    ['by a Chinese given name', '美玲', ['chen']],
    ['by the given name inside an unspaced Japanese name', '花子', ['hanako']],
    ['by a Korean syllable', '김', ['kim']],
    ['in Arabic', 'منصور', ['ahmed']],
    ['in Cyrillic, whatever the case', 'СОКОЛ', ['irina']],
    ['in Tamil', 'அருண்', ['arun']],
    ['whose name has a joiner inside, without it', 'علیرضا', ['alireza']],
    ['by a percent sign as it stands', '100%', ['percy']],
    ['by an underscore as it stands', 'sure_thing', ['percy']],
    ['by a backslash as it stands', 'back\\slash', ['rob']],
  ])('%s: %s', async (_, q, expected) => {
    expect((await found(q)).sort()).toEqual([...expected].sort())
  })

  test.each(['%%%', '___', '\\', "'", '-', '@', '…', '´'])('and nobody by %s, which is no word', async (q) => {
    expect(await found(q)).toEqual([])
  })

  test('and everybody again when the search is empty or only spaces', async () => {
    expect((await found('   ')).length).toBe(people.length + 6)
  })

  test('and only the first 200 characters of what was typed count', async () => {
    expect(await found(`siobhan${' '.repeat(300)}nobody`)).toEqual(['siobhan'])
  })
})

test('Gus, who manages a group, finds nobody outside of it', async () => {
  expect(await found('siobhan', world.gus)).toEqual([])
  expect((await found('ian', world.gus)).length).toBe(1)
})

test('an empty result says what was asked and offers a way out', async () => {
  const { text, html } = await world.ana.get('members?q=nobodyatall&status=blocked')
  expect(text).toContain('Nobody matches all of this')
  expect(text).toContain('People who are Blocked, and who match “nobodyatall” would be listed here.')
  expect(html).toContain('Search “nobodyatall” only')
  expect(text).toContain('Clear filters')
})
