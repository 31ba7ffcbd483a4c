import type { Child } from 'hono/jsx'
import type { Inviting, Sent } from '../../src/invitations/new/queries.ts'
import { type Asked, ownGroupOnly, type See } from '../../src/invitations/new/rules.ts'
import { invitationStatuses, statusAt } from '../../src/invitations/rules.ts'
import { firstChoice } from '../../src/members/new/draft.ts'
import { type Actor, can } from '../../src/platform/access/actor.ts'
import { newId, shortId } from '../../src/platform/ids.ts'
import type { Form } from '../../src/platform/web/form.ts'
import { AccessFields } from '../parts/access-fields.tsx'
import { ErrorSummary, Field } from '../parts/field.tsx'
import { sentInMain } from '../parts/in-main.ts'
import { Anyway, TermsFields, WhatHappens } from '../parts/invitation-terms.tsx'
import { Places } from '../parts/places.tsx'
import { ExactTime } from '../parts/time.tsx'

type Props = {
  actor: Actor
  action: string
  around: Inviting
  /** The organizations in which they may invite, where there are several. */
  places: { slug: string; name: string }[]
  mailing: boolean
  form?: Form | undefined
  /** Whom or what the address belongs to already. */
  see: See | null
  /** It was filled in for another organization. */
  moved: boolean
  /** Whom the link here names. */
  address: string
}

/** Invite member: everything in one form. */
export const InviteScreen = ({ actor, action, around, places, mailing, form, see, moved, address }: Props) => (
  <div class="page">
    <h1>Invite member</h1>
    {moved && (
      <p class="note" role="status">
        You are inviting to <b>{actor.organization.name}</b> now. Nothing was sent yet: look at what they get here, then
        send it.
      </p>
    )}
    <ErrorSummary form={form} />
    <form {...sentInMain(action)} class="access">
      <input type="hidden" name="key" value={form?.values.key ?? newId()} />
      <input type="hidden" name="here" value={actor.organization.slug} />
      <div>
        <Field
          label="Email"
          name="email"
          type="email"
          value={address}
          form={form}
          required
          maxlength={254}
          autocomplete="off"
          {...(around.known.allowed.length > 0 ? { hint: `An address of ${around.known.allowed.join(', ')}.` } : {})}
        />
        <Instead actor={actor} see={see} />
        <Anyway form={form} />
        <Field
          label="First name"
          name="first_name"
          form={form}
          maxlength={100}
          autocomplete="off"
          hint="May be left empty: they say it when they join."
        />
        <Field label="Last name" name="last_name" form={form} maxlength={100} autocomplete="off" />
        <Organization actor={actor} places={places} form={form} />
      </div>
      <OfferFields actor={actor} around={around} form={form} />
      <div>
        <TermsFields days={around.days} form={form} />
      </div>
      <WhatHappens approval={around.approval} mailing={mailing} />
      <InviteButtons actor={actor} label="Send invitation">
        <a class="btn" href={`/o/${actor.organization.slug}/invitations/new/several`}>
          Invite several
        </a>
      </InviteButtons>
    </form>
  </div>
)

const Organization = ({ actor, places, form }: Pick<Props, 'actor' | 'places' | 'form'>) =>
  places.length > 1 ? (
    <div class="field">
      <label for="organization">Organization</label>
      <p class="hint" id="organization-hint">
        With another one, its own form opens with what you typed, and nothing is sent before you have looked at it.
      </p>
      <select id="organization" name="organization" aria-describedby="organization-hint">
        {places.map((one) => (
          <option
            value={one.slug}
            selected={
              one.slug ===
              ((form?.values.here === actor.organization.slug && form.values.organization) || actor.organization.slug)
            }
          >
            {one.name}
          </option>
        ))}
      </select>
    </div>
  ) : (
    <p class="field">
      <b>Organization</b>
      <br />
      {actor.organization.name}
    </p>
  )

/** Whom an address belongs to already, where the actor may look at it. */
export const Instead = ({ actor, see }: { actor: Actor; see: See | null }) =>
  see && (
    <p class="note">
      <a href={`/o/${actor.organization.slug}/${see.path}/${shortId(see.id)}`}>
        Open <bdi>{see.name}</bdi>
      </a>
    </p>
  )

/** What they get; whoever invites into their own group alone has nothing to choose, and sees that. */
export const OfferFields = ({
  actor,
  around,
  form,
  now = firstChoice(around.choices),
}: Pick<Props, 'actor' | 'around' | 'form'> & { now?: Asked }) =>
  ownGroupOnly(actor) ? (
    <p class="note">
      As Group manager you invite people to your own group, <b>{actor.membership.groupName}</b>, as Member. Others give
      them more.
    </p>
  ) : (
    <>
      <AccessFields actor={actor} now={now} has={null} choices={around.choices} form={form} />
      <div>
        <Places actor={actor} regions={around.regions} profile={now} form={form} />
      </div>
    </>
  )

export const InviteButtons = ({ actor, label, children }: { actor: Actor; label: string; children?: Child }) => (
  <div class="row">
    <button class="btn main">{label}</button> {children}{' '}
    <a class="btn plain" href={`/o/${actor.organization.slug}${can(actor, 'members.view') ? '/members' : ''}`}>
      Cancel
    </a>
  </div>
)

/** For whoever may invite, and not look at invitations. */
export const SentScreen = ({
  actor,
  sent,
  mailing,
  now,
}: {
  actor: Actor
  sent: Sent
  mailing: boolean
  now: Date
}) => {
  const status = statusAt(sent, now)
  const isOut = status === 'pending_activation'
  return (
    <div class="page">
      <h1>
        {status === 'pending_approval' ? 'Invitation waits for approval' : isOut ? 'Invitation made' : 'Invitation'}
      </h1>
      <p>
        <b>{sent.email}</b>: {invitationStatuses[status]}
        {isOut && sent.expires_at && (
          <>
            , can be accepted until <ExactTime at={sent.expires_at} zone={actor.timeZone} />
          </>
        )}
        .
      </p>
      {status === 'pending_approval' ? (
        <p>Nothing is mailed before somebody approves it. You are told what they decide.</p>
      ) : (
        isOut &&
        !mailing && (
          <p class="note">
            No mail server is set up, so no mail was sent. Ask somebody who may view invitations to copy the link and
            pass it on.
          </p>
        )
      )}
      <div class="row">
        <a class="btn" href={`/o/${actor.organization.slug}/invitations/new`}>
          Invite another
        </a>
      </div>
    </div>
  )
}
