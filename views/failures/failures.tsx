import type { Standing } from '../../src/platform/access/actor.ts'
import { type Permission, permissions } from '../../src/platform/access/permissions.ts'
import { type Helper, Helpers } from '../parts/helpers.tsx'
import { SignOut } from '../parts/sign-out.tsx'
import { day } from '../parts/time.tsx'

const closed: Record<Standing, { title: string; because: (organization: string, since: string) => string }> = {
  suspended: {
    title: 'Your membership is suspended',
    because: (organization, since) =>
      `Somebody who manages the members of ${organization} suspended your membership on ${day(since)}. Your other organizations are not affected.`,
  },
  ended: {
    title: 'Your membership has ended',
    because: (organization, since) => `Your membership of ${organization} ended on ${day(since)}.`,
  },
  not_started: {
    title: 'Your membership hasn’t started yet',
    because: (organization, since) => `Your membership of ${organization} starts on ${day(since)}.`,
  },
}

type Forbidden = { missing: Permission | Standing; since: string; organization: string; home: string; people: Helper[] }

/** 403: what is missing, and whom to ask. */
export const NotAllowedPage = ({ missing, since, organization, home, people }: Forbidden) =>
  missing in closed ? (
    <div class="page">
      <h1>{closed[missing as Standing].title}</h1>
      <p>{closed[missing as Standing].because(organization, since)}</p>
      <p>These people can help:</p>
      <Helpers who="Admin" caption={`Admins of ${organization}`} people={people} />
    </div>
  ) : (
    <div class="page">
      <h1>You can’t open this page</h1>
      <p>
        It needs the permission “{permissions[missing as Permission].label}”, which you don’t have in{' '}
        <bdi>{organization}</bdi>. Nothing was changed.
      </p>
      <p>These people can help:</p>
      <Helpers who="Admin" caption={`Admins of ${organization}`} people={people} />
      <div class="row">
        <a class="btn" href={home}>
          Go to your first page
        </a>
      </div>
    </div>
  )

/** Any other failure: what happened, what to do, and a way on. */
export const FailurePage = ({
  title,
  text,
  on,
}: {
  title: string
  text: string[]
  on?: { href: string; label: string } | undefined
}) => (
  <div class="page">
    <h1>{title}</h1>
    {text.map((sentence) => (
      <p>{sentence}</p>
    ))}
    {on && (
      <div class="row">
        <a class="btn" href={on.href}>
          {on.label}
        </a>
      </div>
    )}
  </div>
)

/** 403 to a text browser that couldn't say where its sign-out came from; this page's own button can. */
export const SignOutAgain = (_: Record<never, never>) => (
  <div class="page">
    <h1>Sign out</h1>
    <p>
      You are not signed out yet. Your browser doesn’t say which page it comes from when that page has a question mark
      in its address, so please press once more, here.
    </p>
    <SignOut look="btn main" />
    <p class="foot">
      <a href="/">Stay signed in</a>
    </p>
  </div>
)

/** What went wrong, for a swap: the screen stays as it is. */
export const Toast = ({ text }: { text: string }) => (
  <div class="toast" role="status">
    <span>{text}</span>
    <button class="icon" type="button" aria-label="Dismiss" data-dismiss>
      <span aria-hidden="true">×</span>
    </button>
  </div>
)
