import { beforeAll, describe, expect, test } from 'vitest'
import { atTheDoor, tryDoor } from '../sign-in/door.ts'
import { addPerson, makeOrganization, type Organization, type PersonDetails } from '../support/world.ts'

type Door = Awaited<ReturnType<typeof atTheDoor>>
type Place = PersonDetails & { name: string }

let door: Door
beforeAll(async () => {
  door = await atTheDoor()
})

/** Somebody with these places and no other, signed in by the form; and where the sign-in, then `/`, led to. */
async function arriving(...places: Place[]) {
  const { db, clock, browser, ana, account } = door
  const { password_hash } = await account(ana)
  let accountId: string | null = null
  let email = ''
  const organizations: Organization[] = []
  for (const { name, ...details } of places) {
    const place = await makeOrganization(db, name, clock.now)
    const person = await addPerson(db, place, clock.now, {
      first: 'Bo',
      ...details,
      ...(accountId ? { accountId } : {}),
    })
    organizations.push(place)
    accountId ??= person.accountId
    email ||= person.email
  }
  await db
    .updateTable('account')
    .set({ password_hash })
    .where('id', '=', accountId ?? '')
    .execute()
  const his = browser()
  const signedIn = await tryDoor(his, email)
  expect(signedIn).toMatchObject({ status: 303, location: '/' })
  const first = await his.get('/')
  return { his, organizations, first, slugs: organizations.map(({ slug }) => slug) }
}

describe('the first address, and so the sign-in, leads', () => {
  test('to the first organization by name', async () => {
    const { first, slugs } = await arriving({ name: 'Bay Claims' }, { name: 'Alder Claims' })
    expect(first).toMatchObject({ status: 303, location: `/o/${slugs[1]}/members/me` })
  })

  test.each<[string, PersonDetails]>([
    ['suspended', { suspended: true }],
    ['ended', { endsOn: '2026-11-21' }],
    ['not started', { startsOn: '2026-11-23' }],
    ['removed', { removed: true }],
  ])('past one where the membership is %s', async (_, details) => {
    const { first, slugs } = await arriving(
      { name: 'Alder Claims', role: 'admin', ...details },
      { name: 'Cedar Claims', role: 'admin' },
      { name: 'Bay Claims', role: 'viewer' },
    )
    expect(first).toMatchObject({ status: 303, location: `/o/${slugs[2]}/members` })
  })

  test('to one that is open on this day alone', async () => {
    const today = { startsOn: '2026-11-22', endsOn: '2026-11-22' }
    const { first, slugs } = await arriving({ name: 'Bay Claims', ...today }, { name: 'Cedar Claims' })
    expect(first.location).toBe(`/o/${slugs[0]}/members/me`)
  })

  test('where none is open, to the first that is closed, whose page says why and whom to ask', async () => {
    const { first, slugs, his, organizations } = await arriving(
      { name: 'Cedar Claims', startsOn: '2026-11-23' },
      { name: 'Bay Claims', suspended: true },
      { name: 'Alder Claims', removed: true },
    )
    expect(first).toMatchObject({ status: 303, location: `/o/${slugs[1]}` })
    await addPerson(door.db, organizations[1] as Organization, door.clock.now, {
      first: 'Ada',
      role: 'admin',
      email: 'ada@bay.example',
    })
    const page = await his.get(first.location ?? '')
    expect(page.status).toBe(403)
    expect(page.text).toContain('suspended your membership')
    expect(page.text).toContain('ada@bay.example')
  })

  test('nowhere when there is none', async () => {
    const { first } = await arriving({ name: 'Alder Claims', removed: true })
    expect(first.status).toBe(200)
    expect(first.title).toContain('No organization')
  })

  test('somebody in the middle of signing in to nothing but that', async () => {
    const tom = await door.add({ first: 'Tom', twoFactor: true, role: 'admin' })
    const his = door.browser()
    await tryDoor(his, tom.email)
    expect(await his.get('/')).toMatchObject({ status: 303, location: '/sign-in/two-factor' })
  })
})
