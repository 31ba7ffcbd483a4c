import type { Permission } from '../../src/platform/access/permissions.ts'
import { act } from './acts.ts'
import type { organization, Person } from './world.ts'

type World = Awaited<ReturnType<typeof organization>>

const onceIn = (html: string) => /<code data-copy="true"[^>]*>([^<]*)<\/code>/.exec(html)?.[1] ?? ''

/** Cy, who may help people to sign in and hardly anything else, and what Cy comes to know by that. */
export async function helper(world: World, ...others: Permission[]) {
  const cy = await world.enter({ first: 'Cy', permissions: ['members.view', 'members.credentials', ...others] })
  return {
    cy,
    link: async (person: Person) => onceIn((await act(cy, person, 'reset-link')).html),
    password: async (person: Person) => onceIn((await act(cy, person, 'password', { how: 'generated' })).html),
    newEmail: (person: Person) => act(cy, person, 'account', { username: '', email: `cy.${person.id}@example.org` }),
  }
}

export const accountOf = (world: World, person: Person) =>
  world.db
    .selectFrom('account')
    .selectAll()
    .where('id', '=', person.accountId ?? '')
    .executeTakeFirstOrThrow()

/** Whether a reset link opens its form. */
export async function works(world: World, link: string) {
  const opened = await world.stranger.get(new URL(link).pathname)
  return (await world.stranger.get(opened.headers.get('location') ?? new URL(link).pathname)).status === 200
}

/** Where a sign-in with this password leads; null: nowhere. */
export const signInWith = async (world: World, person: Person, password: string) =>
  (await world.stranger.post('/sign-in', { login: person.email, password })).location ?? null
