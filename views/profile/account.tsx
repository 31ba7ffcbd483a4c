import { fullName } from '../../src/platform/access/actor.ts'
import type { Form } from '../../src/platform/web/form.ts'
import type { OwnAccount } from '../../src/profile/account/queries.ts'
import { timeZones } from '../../src/profile/account/time-zones.ts'
import { ErrorSummary, Field } from '../parts/field.tsx'
import { inMain, sentInMain } from '../parts/in-main.ts'
import { Labelled, tied } from '../parts/labelled.tsx'
import { mailTo } from '../parts/mail-to.ts'
import { OwnTabs } from '../parts/own-tabs.tsx'
import { Said } from '../parts/said.tsx'
import { ExactTime } from '../parts/time.tsx'

type Person = { first_name: string; last_name: string; email: string }
type Props = {
  account: OwnAccount
  /** Whom to ask for what is locked. */
  people: Person[]
  organizations: { slug: string; name: string }[]
  mailing: boolean
  now: Date
  form?: Form | undefined
  said?: string | undefined
}

/** What the group locks: as it is, and what came of it when it was sent all the same. */
const Locked = ({
  label,
  name,
  value,
  form,
}: {
  label: string
  name: string
  value: string
  form?: Form | undefined
}) => (
  <Labelled label={label} name={name} form={form}>
    <input id={name} value={value} disabled aria-describedby={form?.errors[name] ? `${name}-error` : 'locked'} />
  </Labelled>
)

const WhomToAsk = ({ locked, people }: { locked: string[]; people: Person[] }) => (
  <p class="hint field" id="locked">
    Your group doesn’t let its members change their {locked.join(' and ')}.
    {people.length > 0 && ' To have it changed, ask '}
    {people.slice(0, 3).map((person, n) => (
      <>
        {n > 0 && ' or '}
        <a href={mailTo(person.email)}>
          <bdi>{fullName(person)}</bdi>
        </a>
      </>
    ))}
    {people.length > 0 && '.'}
  </p>
)

const Waiting = ({ account, mailing }: { account: OwnAccount; mailing: boolean }) =>
  account.new_email &&
  account.new_email_expires_at && (
    <div class="note field">
      <p>
        We have written to <b>{account.new_email}</b>. It becomes your address when the link in that letter is used,
        until <ExactTime at={account.new_email_expires_at} zone={account.time_zone} />; until then nothing changes.
        {!mailing && ' This installation can’t send mail at the moment, so the letter waits: ask its operator.'}
      </p>
      {account.new_email_own ? (
        <form {...sentInMain('/profile/cancel')}>
          <input type="hidden" name="version" value={String(account.version)} />
          <button class="btn">Cancel the change</button>
        </form>
      ) : (
        <p>An administrator of your organization asked for it. If you don’t want it, ask them.</p>
      )}
    </div>
  )

/** One's own account: what one signs in with, and the time zone. */
export const AccountProfile = ({ account, people, organizations, mailing, now, form, said }: Props) => {
  const { email_locked, username_locked, time_zone: zone } = account
  const username = account.username ?? ''
  const locked = [...(username_locked ? ['username'] : []), ...(email_locked ? ['email'] : [])]
  return (
    <div class="page">
      <h1>Account</h1>
      <OwnTabs current="/profile" />
      <ErrorSummary form={form} />
      <Waiting account={account} mailing={mailing} />
      <form {...sentInMain('/profile')}>
        <input type="hidden" name="version" value={String(account.version)} />
        {username_locked ? (
          <Locked label="Username" name="username" value={username} form={form} />
        ) : (
          <Field
            label="Username"
            name="username"
            hint="Can be used to sign in, instead of the email. It works at once; you can leave it empty."
            form={form}
            value={username}
            autocomplete="off"
            maxlength={100}
          />
        )}
        {email_locked ? (
          <Locked label="Email" name="email" value={account.email} form={form} />
        ) : (
          <Field
            label="Email"
            name="email"
            type="email"
            hint="We write to a new address, and it is yours when you use the link in that letter within 60 minutes. You are signed out everywhere else then."
            form={form}
            value={account.email}
            autocomplete="email"
            required
          />
        )}
        {locked.length > 0 && <WhomToAsk locked={locked} people={people} />}
        {locked.length < 2 && (
          <div class="row">
            <button class="btn main">Save</button>
          </div>
        )}
      </form>
      {organizations.length > 0 && (
        <>
          <h2>Name, picture and phones</h2>
          <p>
            Each organization has its own:{' '}
            {organizations.map(({ slug, name }, n) => (
              <>
                {n > 0 && ', '}
                <a href={`/o/${slug}/profile`}>
                  <bdi>{name}</bdi>
                </a>
              </>
            ))}
          </p>
        </>
      )}
      <h2>Time zone</h2>
      <p>
        Times on your screens and in your letters are told as they are in <b>{zone}</b>, where it is{' '}
        <ExactTime at={now} zone={zone} />.{' '}
        <a href="/profile/time-zone" {...inMain}>
          Change time zone
        </a>
      </p>
      {said && <Said text={said} />}
    </div>
  )
}

/** All time zones weigh as much as a screen: they have one of their own. */
export const ChooseTimeZone = ({ zone, form }: { zone: string; form?: Form | undefined }) => {
  const field = { label: 'Time zone', name: 'time_zone', hint: 'By region, then by the nearest large city.', form }
  return (
    <div class="page">
      <h1>Time zone</h1>
      <ErrorSummary form={form} />
      <form {...sentInMain('/profile/time-zone')}>
        <Labelled {...field}>
          <select {...tied(field)}>
            {[...timeZones].map(([region, zones]) => {
              const options = zones.map((one) => <option selected={one === zone}>{one}</option>)
              return region ? <optgroup label={region}>{options}</optgroup> : options
            })}
          </select>
        </Labelled>
        <div class="row">
          <button class="btn main">Save time zone</button>{' '}
          <a href="/profile" {...inMain}>
            Cancel
          </a>
        </div>
      </form>
    </div>
  )
}
