import type { OrganizationRole, Permission } from '../../platform/access/permissions.ts'
import type { Status } from '../../platform/access/status.ts'
import { invite, join } from './history.ts'
import { namer } from './names/compose.ts'
import { phones } from './phones.ts'
import { choice, chooser, random } from './random.ts'
import { Taken } from './taken.ts'
import { domains, titles } from './workplace.ts'

type Next = () => number

/** As the invitation is stored: one that expired by itself still says pending_activation. */
export type SeedInvitation = {
  status: 'pending_approval' | 'pending_activation' | 'active' | 'rejected' | 'revoked' | 'expired'
  approval: 'not_needed' | 'waiting' | 'approved' | 'denied'
  createdAt: Date
  decidedAt: Date | null
  /** Null before approval: there was no mail and no link yet. */
  sentAt: Date | null
  expiresAt: Date | null
  generation: number
  reason: string
}

/** One made-up person and their place in the organization. Moments are Dates, days YYYY-MM-DD, null is never or none. */
export type Person = {
  firstName: string
  lastName: string
  title: string
  cellPhone: string
  officePhone: string
  extension: string
  email: string
  username: string | null
  status: Status
  role: OrganizationRole
  /** 0 is the Default group, 1 the first custom one. */
  group: number
  managesGroup: boolean
  /** Different indexes, ascending. */
  customRoles: number[]
  permissions: Permission[]
  region: number | null
  /** Index among the areas of that region. */
  area: number | null
  createdAt: Date
  joinedAt: Date | null
  verifiedAt: Date | null
  twoFactorAt: Date | null
  lastActiveAt: Date | null
  startsOn: string | null
  endsOn: string | null
  suspendedAt: Date | null
  blockedAt: Date | null
  removedAt: Date | null
  /** Null for those who were added. */
  invitation: SeedInvitation | null
}

/** What the people are spread over: how many custom groups and custom roles, and the number of areas of each region. */
export type Surroundings = {
  now: Date
  groups: number
  customRoles: number
  areas: readonly number[]
  permissions: readonly Permission[]
  /** Addresses (in lower case) and "@" + usernames that are in use; the ones made here are added. */
  taken?: Taken
}

/** Of those invited some are removed in the end (history.ts): 4 are left, and 2 removed. */
const chooseStatus = choice<Status>({
  active: 88,
  invited: 4.75,
  suspended: 2,
  blocked: 1,
  ended: 2,
  not_started: 1,
  removed: 1.25,
})
const chooseRole = choice<OrganizationRole>({ member: 92.5, viewer: 5, developer: 1.5, admin: 1 })
const chooseStyle = chooser([55, 14, 5, 3, 7, 6, 3, 7])
const chooseUsernameStyle = chooser([50, 25, 15, 10])
const zipf = (count: number, steepness: number) =>
  chooser(Array.from({ length: count }, (_, at) => (at + 3) ** -steepness))
const chooseTitle = zipf(titles.length, 0.9)
const chooseDomain = zipf(domains.length, 0.8)
const chooseRoleCount = chooser([64, 24, 9, 3])

const whole = (next: Next, count: number) => Math.floor(next() * count)

/** The part of an address before the @, at most 40 letters: the longest surnames have 60. */
function handle(first: string, last: string, style: number): string {
  if (first === '' || last === '') return (first || last).slice(0, 40)
  const initial = first[0]!
  const made = [
    `${first}.${last}`,
    initial + last,
    `${first}_${last}`,
    first,
    `${last}.${first}`,
    first + last[0],
    `${first}-${last}`,
    `${initial}.${last}`,
  ][style]!
  return made.length <= 40 ? made : `${initial}.${last}`.slice(0, 40)
}

/** The first of `make('')`, `make('2')`, `make('3')` … that is free; after some tries with any number. */
function free(taken: Taken, next: Next, make: (number: string) => string): string {
  for (let attempt = 1; ; attempt++) {
    const number = attempt === 1 ? '' : attempt < 8 ? attempt : 8 + whole(next, 10 ** Math.min(9, 1 + (attempt >> 3)))
    const text = make(String(number))
    if (taken.add(text)) return text
  }
}

/**
 * Makes up `count` people, the same ones for the same seed and surroundings (and the first of them whatever the count):
 * names are combined at random from lists of more than 50 languages, so nobody in particular is meant. Every address and
 * username is new to `taken`; where it isn't empty only those two differ.
 */
export function* people(count: number, seed: number, surroundings: Surroundings): Generator<Person> {
  const { now, groups, customRoles, areas, permissions, taken = new Taken() } = surroundings
  const next = random(seed)
  // Numbers for addresses come from a stream of their own: what is taken already changes nothing else of anybody.
  const nextNumber = random(seed, 1)
  const name = namer()
  const home = domains[seed % domains.length]!
  const chooseGroup = zipf(Math.max(groups, 1), 0.6)
  const chooseCustomRole = zipf(Math.max(customRoles, 1), 0.6)
  const chooseRegion = zipf(Math.max(areas.length, 1), 0.5)
  const phoneChoices = new Map<object, (next: Next) => string>()

  for (let made = 0; made < count; made++) {
    const { first, last, ascii, language } = name(next)
    const style = chooseStyle(next)
    // Most people of an organization share its domain; the others come from those it works with.
    const domain = next() < 0.85 ? home : domains[chooseDomain(next)]!
    const local = handle(ascii[0], ascii[1], style)
    const email = free(taken, nextNumber, (number) => `${local}${number}@${domain}`)

    const status = chooseStatus(next)
    const role = chooseRole(next)
    const custom = role !== 'admin' && groups > 0 && next() < 0.6
    const invited = status === 'invited'

    let choosePhone = phoneChoices.get(language)
    if (!choosePhone) {
      choosePhone = choice(language.phones)
      phoneChoices.set(language, choosePhone)
    }
    const country = phones[choosePhone(next)]!
    const officePhone = next() < (invited ? 0.2 : 0.7) ? country.office(next) : ''

    const person: Person = {
      firstName: first,
      lastName: last,
      title: next() < (invited ? 0.5 : 0.93) ? titles[chooseTitle(next)]! : '',
      cellPhone: next() < (invited ? 0.3 : 0.75) ? country.cell(next) : '',
      officePhone,
      extension: officePhone !== '' && next() < 0.4 ? String(100 + whole(next, next() < 0.7 ? 900 : 9900)) : '',
      email,
      username: null,
      status,
      role,
      group: custom ? 1 + chooseGroup(next) : 0,
      managesGroup: custom && next() < 0.02,
      customRoles: [],
      permissions: [],
      region: null,
      area: null,
      createdAt: now,
      joinedAt: null,
      verifiedAt: null,
      twoFactorAt: null,
      lastActiveAt: null,
      startsOn: null,
      endsOn: null,
      suspendedAt: null,
      blockedAt: null,
      removedAt: null,
      invitation: null,
    }

    if (role !== 'admin') {
      for (let more = customRoles > 0 ? chooseRoleCount(next) : 0; more > 0; more--) {
        const index = chooseCustomRole(next)
        if (!person.customRoles.includes(index)) person.customRoles.push(index)
      }
      person.customRoles.sort((a, b) => a - b)
      if (permissions.length > 0 && next() < 0.03)
        for (let more = 1 + whole(next, 3); more > 0; more--) {
          const permission = permissions[whole(next, permissions.length)]!
          if (!person.permissions.includes(permission)) person.permissions.push(permission)
        }
    }
    if (areas.length > 0 && next() < 0.7) {
      person.region = chooseRegion(next)
      const count = areas[person.region]!
      if (count > 0 && next() < 0.5) person.area = whole(next, count)
    }

    if (invited) invite(person, now.getTime(), next)
    else {
      if (next() < 0.3) {
        const usernameStyle = [1, 0, 2, 5][chooseUsernameStyle(next)]!
        const base = handle(ascii[0], ascii[1], usernameStyle).padEnd(3, 'x')
        person.username = free(taken, nextNumber, (number) => `@${base}${number}`).slice(1)
      }
      join(person, now.getTime(), next)
    }
    yield person
  }
}
