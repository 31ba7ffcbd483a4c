import type { Size } from '../src/avatars/rules.ts'
import { type Actor, can, fullName, type Visitor } from '../src/platform/access/actor.ts'
import type { Permission } from '../src/platform/access/permissions.ts'
import { Icon, type IconName } from './parts/icon.tsx'
import { SignOut } from './parts/sign-out.tsx'

/** One place to go from the frame. `path` follows /o/:slug, but for what is the `account`'s; without `needs` every member may go there. */
type Entry = { label: string; path: string; needs?: Permission; icon?: IconName; account?: true }

/* The frame is drawn from these lists, and shows an entry only to those whom its route lets in. A new screen adds its line. */
const sections = {
  Permissions: [
    { label: 'Organization members', path: '/members', needs: 'members.view' },
    { label: 'Invitation history', path: '/invitations', needs: 'invitations.view' },
    { label: 'Groups', path: '/groups', needs: 'groups.manage' },
    { label: 'Roles', path: '/roles', needs: 'roles.manage' },
  ],
  Settings: [
    { label: 'Regions', path: '/regions', needs: 'regions.manage' },
    { label: 'Security', path: '/settings/security', needs: 'settings.security' },
    { label: 'Usage', path: '/settings/usage', needs: 'usage.view' },
    { label: 'Audit log', path: '/audit', needs: 'audit.view' },
  ],
} satisfies Record<string, Entry[]>
export type Section = keyof typeof sections
const add: Entry[] = [
  { label: 'Invite member', path: '/invitations/new', needs: 'members.invite', icon: 'mail' },
  { label: 'Add user', path: '/members/new', needs: 'members.invite', icon: 'person' },
]
const own: Entry[] = [
  { label: 'My profile', path: '/members/me' },
  { label: 'Account', path: '/profile', account: true },
  { label: 'Security', path: '/profile/security', account: true },
  { label: 'User accounts', path: '/members', needs: 'members.view' },
]

const open = (entries: Entry[], actor: Actor | null) =>
  entries.filter((entry) => entry.account || (actor && (!entry.needs || can(actor, entry.needs))))
const hrefOf = (entry: Entry, base: string) => (entry.account ? entry.path : base + entry.path)

/** The tabs of one section, as far as the actor may open them. */
export const tabsOf = (section: Section, actor: Actor | null): Entry[] => open(sections[section], actor)

/** A section leads to its first tab that the actor may open, and is left out without one. */
export const sideEntries = (actor: Actor | null) =>
  (Object.keys(sections) as Section[]).flatMap((label) => {
    const tabs = tabsOf(label, actor)
    return tabs[0] ? [{ label, path: tabs[0].path, tabs }] : []
  })

const initials = (person: { first_name: string; last_name: string; email: string }) =>
  [person.first_name, person.last_name]
    .map((name) => /[\p{L}\p{N}]\p{M}*/u.exec(name)?.[0] ?? '')
    .join('')
    .toUpperCase() || ([...person.email][0] ?? '').toUpperCase()

/** Where a picture is, in one of the sizes of avatars/rules.ts. */
export const avatarHref = (slug: string, name: string, size: Size): string => `/o/${slug}/avatars/${name}/${size}`

/** A square with somebody's picture, or with their initials. `slug` is their organization's. */
export const Avatar = ({
  person,
  slug,
  big,
}: {
  person: { first_name: string; last_name: string; email: string; avatar: string | null }
  slug: string
  big?: boolean
}) => {
  const look = big ? 'av big' : 'av'
  return person.avatar ? (
    <img class={look} src={avatarHref(slug, person.avatar, big ? 96 : 64)} alt="" />
  ) : (
    <span class={look} aria-hidden="true">
      {initials(person)}
    </span>
  )
}

export const Bar = ({ visitor, actor }: { visitor: Visitor; actor: Actor | null }) => {
  const here = actor?.organization.slug
  const base = `/o/${here}`
  const person = {
    first_name: actor?.membership.firstName ?? '',
    last_name: actor?.membership.lastName ?? '',
    email: visitor.account.email,
    avatar: actor?.membership.avatar ?? null,
  }
  const additions = open(add, actor)
  return (
    <header class="bar">
      <a class="mark" href={here ? base : '/'} aria-label="Rollcall, first page">
        <Icon name="tally" />
      </a>
      {visitor.organizations.length > 1 ? (
        <details class="menu org" name="bar">
          <summary>
            <span class="vh">Organization: </span>
            <span>{actor?.organization.name ?? 'Choose an organization'}</span>
            <Icon name="chevron" />
          </summary>
          <ul class="items">
            {visitor.organizations.map((one) => (
              <li>
                <a href={`/o/${one.slug}`} aria-current={one.slug === here ? 'true' : undefined}>
                  <Icon {...(one.slug === here ? { name: 'check' as const } : {})} />
                  {one.name}
                </a>
              </li>
            ))}
          </ul>
        </details>
      ) : (
        actor && (
          <a class="org" href={base}>
            <span class="vh">Organization: </span>
            <b>{actor.organization.name}</b>
          </a>
        )
      )}
      <span class="gap" />{' '}
      {additions.length > 0 && (
        <details class="menu end" name="bar">
          <summary aria-label="Add">
            <Icon name="plus" />
          </summary>
          <ul class="items">
            {additions.map((entry) => (
              <li>
                <a href={base + entry.path}>
                  {entry.icon && <Icon name={entry.icon} />}
                  {entry.label}
                </a>
              </li>
            ))}
          </ul>
        </details>
      )}
      <details class="menu end me" name="bar">
        <summary>
          <Avatar person={person} slug={here ?? ''} /> <span>{fullName(person)}</span>
          <Icon name="chevron" />
        </summary>
        <ul class="items">
          {open(own, actor).map((entry) => (
            <li>
              <a href={hrefOf(entry, base)}>{entry.label}</a>
            </li>
          ))}
          <li class="sep">
            <SignOut />
          </li>
        </ul>
      </details>
    </header>
  )
}

/**
 * The side bar; on narrow screens the same list, with the name menu's entries in it, opens from the menu button. That is a summary
 * without words, because text browsers show the list anyway, and nothing of the summary.
 */
export const Side = ({ visitor, actor, path }: { visitor: Visitor; actor: Actor | null; path: string }) => {
  const base = `/o/${actor?.organization.slug}`
  return (
    <nav aria-label="Main">
      <details class="fold" name="bar">
        <summary aria-label="Menu">
          <Icon name="menu" />
        </summary>
      </details>
      <div class="side">
        {sideEntries(actor).map((entry) => (
          <>
            <a
              href={base + entry.path}
              aria-current={entry.tabs.some((tab) => path.startsWith(base + tab.path)) ? 'true' : undefined}
            >
              {entry.label}
            </a>{' '}
          </>
        ))}
        {visitor.account.isSupport && (
          <a href="/support" aria-current={path.startsWith('/support') ? 'true' : undefined}>
            Support
          </a>
        )}{' '}
        <div class="own">
          {open(own, actor).map((entry) => (
            <>
              <a href={hrefOf(entry, base)}>{entry.label}</a>{' '}
            </>
          ))}
          <SignOut />
        </div>
      </div>
    </nav>
  )
}
