import { type Checked, type Done, goodOf, mostPeople, type Several } from '../../src/invitations/new/list.ts'
import type { Inviting, SeveralDraft } from '../../src/invitations/new/queries.ts'
import type { Outcome } from '../../src/invitations/new/rules.ts'
import { firstChoice } from '../../src/members/new/draft.ts'
import { type Actor, can } from '../../src/platform/access/actor.ts'
import { organizationRoles } from '../../src/platform/access/permissions.ts'
import { newId, shortId } from '../../src/platform/ids.ts'
import type { Form } from '../../src/platform/web/form.ts'
import { ErrorSummary } from '../parts/field.tsx'
import { sentInMain } from '../parts/in-main.ts'
import { Anyway, TermsFields, WhatHappens } from '../parts/invitation-terms.tsx'
import { TextArea } from '../parts/text-area.tsx'
import { InviteButtons, OfferFields } from './new.tsx'

const baseOf = (actor: Actor) => `/o/${actor.organization.slug}/invitations`

type ListProps = {
  actor: Actor
  action: string
  around: Inviting
  typed: Several | null
  mailing: boolean
  form?: Form | undefined
}

/** The list, and what everybody in it gets. */
export const SeveralScreen = ({ actor, action, around, typed, mailing, form }: ListProps) => (
  <div class="page">
    <h1>Invite several</h1>
    <ErrorSummary form={form} />
    <form {...sentInMain(action)} class="access">
      {!typed && <input type="hidden" name="key" value={form?.values.key ?? newId()} />}
      <div>
        <TextArea
          label="Addresses"
          name="addresses"
          form={form}
          value={typed?.text ?? ''}
          hint={`At most ${mostPeople} people, one a line or with commas between: name@example.org, or Name <name@example.org>, or Last; First; name@example.org. What becomes of each is shown before anything is sent.`}
          rows={10}
          required
        />
      </div>
      <OfferFields actor={actor} around={around} form={form} now={typed?.access ?? firstChoice(around.choices)} />
      <div>
        <TermsFields days={typed?.days ?? around.days} message={typed?.message ?? ''} form={form} />
      </div>
      <WhatHappens approval={around.approval} mailing={mailing} />
      <InviteButtons actor={actor} label="Check the list">
        <a class="btn" href={`${baseOf(actor)}/new`}>
          Invite one
        </a>
      </InviteButtons>
    </form>
  </div>
)

const outcomeWords: Record<Outcome, string> = {
  new: 'Will be invited',
  member: 'Is a member already',
  invited: 'Was invited already',
  hidden: 'Can’t be invited by you',
  wrong: 'No right address',
  domain: 'Domain not allowed',
  looks: 'Domain looks like another one',
  twice: 'Twice in the list',
  many: `Beyond the first ${mostPeople}`,
}

const people = (count: number) => `${count} ${count === 1 ? 'person' : 'people'}`

type CheckProps = {
  actor: Actor
  action: string
  checked: Checked[]
  more: number
  draft: SeveralDraft
  around: Inviting
  mailing: boolean
  form?: Form | undefined
}

/** What becomes of each line; nothing is sent yet. */
export const CheckScreen = ({ actor, action, checked, more, draft, around, mailing, form }: CheckProps) => {
  const good = goodOf(checked, false).length
  const alike = checked.filter(({ judged }) => judged.outcome === 'looks').length
  const left = checked.length - good - alike + more
  const { access, days } = draft.data as Several
  const role = organizationRoles[access?.role ?? 'member'].label
  const group = around.choices.groups.find(({ id }) => id === access?.group)?.name
  const offerError =
    form && Object.entries(form.errors).find(([name]) => name in (access ?? {}) || name === 'custom_role')
  const change = `${baseOf(actor)}/new/several/${shortId(draft.id)}/list`
  return (
    <div class="page">
      <h1>{good === 0 && alike === 0 ? 'Nobody in this list can be invited' : `Invite ${people(good || alike)}?`}</h1>
      <ErrorSummary form={form && offerError ? { ...form, errors: { '': offerError[1] } } : form} />
      <p>
        Nothing was sent yet. Each gets {role}
        {group && (
          <>
            {' '}
            in the group <bdi>{group}</bdi>
          </>
        )}
        , and can accept for {days} {days === 1 ? 'day' : 'days'}. <a href={change}>Change the list or what they get</a>
      </p>
      {(good > 0 || alike > 0) && (
        <form {...sentInMain(action)} class="access">
          <input type="hidden" name="version" value={String(draft.version)} />
          {alike > 0 && (
            <Anyway
              form={{ input: null, errors: {}, values: { anyway: form?.values.anyway ?? '' } }}
              label={`Send it to the ${alike === 1 ? 'address' : `${alike} addresses`} with a look-alike domain too`}
            />
          )}
          <WhatHappens approval={around.approval} mailing={mailing} />
          <div class="row">
            <button class="btn main">
              {good > 0 ? `Send ${good} ${good === 1 ? 'invitation' : 'invitations'}` : 'Send invitations'}
            </button>{' '}
            <a class="btn" href={change}>
              Back
            </a>
          </div>
        </form>
      )}
      {left > 0 && <p>Not invited: {people(left)} of the list, for the reasons below.</p>}
      <table class="rights wide">
        <caption class="vh">What becomes of each line</caption>
        <thead>
          <tr>
            <th scope="col">Address and name</th>
            <th scope="col">Outcome</th>
          </tr>
        </thead>
        <tbody>
          {checked.map((one) => (
            <tr>
              <th scope="row">
                <bdi>{one.email || one.text}</bdi>
                {(one.first_name || one.last_name) && (
                  <>
                    {' '}
                    <br />
                    <small>
                      <bdi>{`${one.first_name} ${one.last_name}`.trim()}</bdi>
                    </small>
                  </>
                )}
              </th>
              <td>
                <WhatBecomes line={one} actor={actor} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {more > 0 && <p>And {more} more, beyond what is looked at in one go. Paste them again afterwards.</p>}
    </div>
  )
}

const WhatBecomes = ({ line: { judged }, actor }: { line: Checked; actor: Actor }) => (
  <>
    {outcomeWords[judged.outcome]}
    {judged.see && (
      <>
        :{' '}
        <a href={`/o/${actor.organization.slug}/${judged.see.path}/${shortId(judged.see.id)}`}>
          <bdi>{judged.see.name}</bdi>
        </a>
      </>
    )}
    {judged.outcome === 'looks' && (
      <>
        <br />
        <small>{judged.why?.replace(/\. Check.*$/, '')}</small>
      </>
    )}
  </>
)

/** After Confirm: how many, and who not. */
export const DoneScreen = ({ actor, done, mailing }: { actor: Actor; done: Done; mailing: boolean }) => {
  const left = done.left.length + done.more
  return (
    <div class="page">
      <h1>
        {done.sent} {done.sent === 1 ? 'invitation' : 'invitations'}{' '}
        {done.waits ? 'now wait for approval' : mailing ? 'sent' : 'made'}
      </h1>
      {done.waits && <p>Nothing is mailed before somebody approves them.</p>}
      {!done.waits && !mailing && (
        <p class="note">
          No mail server is set up, so no mail was sent. Copy each link from the invitation’s own page, and pass it on.
        </p>
      )}
      {left > 0 && (
        <>
          <h2 class="field">Not invited: {people(left)}</h2>
          <table class="rights wide">
            <caption class="vh">Who was not invited, and why</caption>
            <thead>
              <tr>
                <th scope="col">Line</th>
                <th scope="col">Outcome</th>
              </tr>
            </thead>
            <tbody>
              {done.left.map((one) => (
                <tr>
                  <th scope="row">
                    <bdi>{one.text}</bdi>
                  </th>
                  <td>{outcomeWords[one.outcome]}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {done.more > 0 && <p>And {done.more} more, which weren’t looked at.</p>}
        </>
      )}
      <div class="row">
        {can(actor, 'invitations.view') && (
          <>
            <a class="btn main" href={baseOf(actor)}>
              Invitation history
            </a>{' '}
          </>
        )}
        <a class="btn" href={`${baseOf(actor)}/new/several`}>
          Invite others
        </a>
      </div>
    </div>
  )
}

/** A list that was left for a day. */
export const OverScreen = ({ actor }: { actor: Actor }) => (
  <div class="page">
    <h1>This wasn’t finished in time</h1>
    <p>A list can be gone on with for 24 hours. This one is older, so nobody was invited.</p>
    <div class="row">
      <a class="btn main" href={`${baseOf(actor)}/new/several`}>
        Start again
      </a>
    </div>
  </div>
)
