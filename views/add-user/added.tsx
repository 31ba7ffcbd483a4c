import type { Added as AddedPerson } from '../../src/members/new/queries.ts'
import { type Actor, fullName, reach } from '../../src/platform/access/actor.ts'
import { shortId } from '../../src/platform/ids.ts'
import { Once } from '../parts/once.tsx'
import { ExactTime } from '../parts/time.tsx'

type AddedProps = {
  actor: Actor
  base: string
  person: AddedPerson
  /** Shown on this answer alone. */
  password: string | null
  /** What is on its way to them: a welcome letter, with the link to choose a password in it; null where no letters go. */
  mailed: 'welcome' | 'link' | null
  /** While it works: whoever added them may copy it again. */
  link: string | null
  until: Date
}

/** After Confirm: who was added, and how they get in. */
export const Added = ({ actor, base, person, password, mailed, link, until }: AddedProps) => {
  const name = <bdi>{fullName(person)}</bdi>
  const at = <ExactTime at={until} zone={actor.timeZone} />
  return (
    <div class="page">
      <h1>User added</h1>
      <p>
        {name} is a member of {actor.organization.name} now, and signs in with <b>{person.email}</b>.
      </p>
      {mailed && (
        <p>
          A welcome letter is on its way there
          {mailed === 'link' ? <>, with a link to choose their password. It works once, until {at}.</> : '.'}
        </p>
      )}
      {link && (
        <>
          <p>Nothing was sent. Pass this link on to {name} yourself; whoever has it can choose the first password.</p>
          <Once text={link} />
          <p>It works once, until {at}.</p>
        </>
      )}
      {password && (
        <>
          <p>
            This is their first password. It is shown only now: Rollcall doesn’t keep it, and nobody can look it up
            later.
          </p>
          <Once text={password} />
          <p>It works for one sign-in until {at}, and must be changed there. Tell it to them in person or by phone.</p>
        </>
      )}
      {!link && !password && person.must_change_password && (
        <p>
          Their first password works for one sign-in until {at}, and must be changed there. It isn’t shown again
          {person.seen && reach(actor, 'members.credentials') === 'organization'
            ? ': if it got lost, change it from their details.'
            : '. If it got lost, somebody who manages sign-in can give them another one.'}
        </p>
      )}
      <div class="row">
        {person.seen && (
          <>
            <a class="btn main" href={`${base}/${shortId(person.id)}`}>
              Open their details
            </a>{' '}
          </>
        )}
        <a class="btn" href={`${base}/new`}>
          Add another user
        </a>
      </div>
    </div>
  )
}

/** A draft that was left for a day. */
export const Over = ({ base }: { base: string }) => (
  <div class="page">
    <h1>This wasn’t finished in time</h1>
    <p>Adding a user can be gone on with for 24 hours. What was typed here is older, so nobody was added.</p>
    <div class="row">
      <a class="btn main" href={`${base}/new`}>
        Start again
      </a>
    </div>
  </div>
)

/** Whoever was added has been removed since. */
export const Unavailable = ({ base }: { base: string }) => (
  <div class="page">
    <h1>User added</h1>
    <p>They were added, and have been removed from the organization since.</p>
    <div class="row">
      <a class="btn" href={`${base}/new`}>
        Add another user
      </a>
    </div>
  </div>
)
