import { randomUUID } from 'node:crypto'
import type { Inviting } from '../../src/invitations/new/queries.ts'
import { chosenAccess, type Here, ownGroupOnly, type Step, stepsOf, stepTitles } from '../../src/members/new/draft.ts'
import type { Draft } from '../../src/members/new/queries.ts'
import type { Actor } from '../../src/platform/access/actor.ts'
import { organizationRoles, permissions } from '../../src/platform/access/permissions.ts'
import { newId, shortId } from '../../src/platform/ids.ts'
import type { Form } from '../../src/platform/web/form.ts'
import { Field } from '../parts/field.tsx'
import { Icon } from '../parts/icon.tsx'
import { Anyway, TermsFields, WhatHappens } from '../parts/invitation-terms.tsx'
import { Buttons, type Draw, howWords, Instead } from './add-user.tsx'

type Fact = [name: string, label: string, value: string | null]

const gone = 'Not there anymore'

function factsOf(actor: Actor, { typed, choices, regions }: Draft): { step: Step; facts: Fact[] }[] {
  const access = chosenAccess(actor, typed, choices)
  const nameIn = (list: { id: string; name: string }[], id: string) => list.find((one) => one.id === id)?.name ?? gone
  const { contact } = typed
  const areas = regions.flatMap((region) => region.areas)
  return [
    { step: 'email', facts: [['email', 'Email', typed.email]] },
    {
      step: 'name',
      facts: [
        ['first_name', 'First name', contact?.first_name ?? ''],
        ['last_name', 'Last name', contact?.last_name || null],
        ['title', 'Title', contact?.title || null],
        ['cell_phone', 'Cell phone', contact?.cell_phone || null],
        ['office_phone', 'Office phone', contact?.office_phone || null],
        ['extension', 'Extension', contact?.extension || null],
      ],
    },
    ...(typed.how ? [{ step: 'how' as const, facts: [['how', 'How', howWords[typed.how].label] as Fact] }] : []),
    {
      step: 'access',
      facts: [
        ['role', 'Role', `${organizationRoles[access.role].label}: ${organizationRoles[access.role].help}`],
        ['group', 'Group', nameIn(choices.groups, access.group)],
        ['group_manager', 'Group manager', access.manages ? 'Manages the group' : null],
        ['custom_role', 'Custom roles', access.customRoles.map((id) => nameIn(choices.roles, id)).join(', ') || null],
        ['region', 'Region', access.region_id && nameIn(regions, access.region_id)],
        ['area', 'Area', access.area_id && nameIn(areas, access.area_id)],
        [
          'permission',
          'Permissions',
          access.permissions.map((name) => permissions[name]?.label ?? gone).join(', ') || null,
        ],
      ],
    },
  ]
}

/** All that was chosen, each part with its way back; what is wrong with it by now stands beside it. */
const Summary = ({
  actor,
  base,
  draft,
  form,
}: {
  actor: Actor
  base: string
  draft: Draft
  form: Form | undefined
}) => (
  <>
    {factsOf(actor, draft).map(({ step, facts }) => (
      <section class="said">
        <h2>
          {stepTitles[step]}{' '}
          {stepsOf(actor).includes(step) && (
            <a href={`${base}/new/${shortId(draft.id)}/${step}`}>
              Change<span class="vh"> {stepTitles[step].toLowerCase()}</span>
            </a>
          )}
        </h2>
        <dl class="facts">
          {facts.map(
            ([name, label, value]) =>
              (value !== null || form?.errors[name]) && (
                <>
                  <dt>{label}</dt>
                  <dd id={name === 'how' ? undefined : name} tabindex={form?.errors[name] ? -1 : undefined}>
                    <bdi>{value ?? 'None'}</bdi>
                    {form?.errors[name] && (
                      <p class="error">
                        <Icon name="alert" />
                        {form.errors[name]}
                      </p>
                    )}
                  </dd>
                </>
              ),
          )}
        </dl>
        {step === 'access' && ownGroupOnly(actor) && (
          <small>As Group manager you bring people into your own group. Others give them more.</small>
        )}
      </section>
    ))}
  </>
)

const ways = {
  link: {
    label: 'They choose it themselves',
    help: 'By a link that works once, within 72 hours. You get it on the next page, and pass it on.',
    mailed: 'By a link that works once, within 72 hours. It goes to them in the welcome letter.',
  },
  generated: { label: 'Generate one', help: 'Rollcall makes it, and shows it to you once on the next page.' },
  typed: { label: 'Type one', help: 'Typed twice, 15 characters or more.' },
} as const

export const ConfirmStep = ({ draft, person, ...draw }: Draw & { draft: Draft; person: Here | null }) => {
  const { form, actor, base, mailing } = draw
  const how = form?.values.how ?? 'link'
  return (
    <form method="post" action={draw.action}>
      <Summary actor={actor} base={base} draft={draft} form={form} />
      <Instead base={base} person={person} />
      <fieldset class="field ways">
        <legend>First password</legend>
        <p class="hint">
          One that you know works for 72 hours, and they must change it at their first sign-in.{' '}
          {mailing
            ? 'The welcome letter doesn’t hold it: tell them yourself.'
            : 'Nothing is sent, for no mail server is set up: tell them yourself.'}
        </p>
        {form?.errors.how && (
          <p class="error" id="how-error">
            <Icon name="alert" />
            {form.errors.how}
          </p>
        )}
        {Object.entries(ways).map(([value, { label, help, ...way }], n) => (
          <>
            <label class="check">
              <input type="radio" name="how" value={value} id={n === 0 ? 'how' : undefined} checked={value === how} />{' '}
              <span>
                {label}{' '}
                <small>
                  {mailing && 'mailed' in way ? way.mailed : help}
                  <br />
                </small>
              </span>
            </label>{' '}
          </>
        ))}
      </fieldset>
      <div class="typed">
        <Field label="First password" name="password" type="password" autocomplete="new-password" form={form} />
        <Field
          label="First password again"
          name="password_again"
          type="password"
          autocomplete="new-password"
          form={form}
        />
      </div>
      <input type="hidden" name="key" value={randomUUID()} />
      <input type="hidden" name="version" value={String(draft.version)} />
      <Buttons {...draw} draft={draft} label="Add user" />
    </form>
  )
}

type InviteProps = Draw & { draft: Draft; around: Inviting }

/** Confirm where an invitation is sent: how long it is good for, and what is said with it. */
export const InviteStep = ({ draft, around, ...draw }: InviteProps) => (
  <form method="post" action={draw.action}>
    <Summary actor={draw.actor} base={draw.base} draft={draft} form={draw.form} />
    <Anyway form={draw.form} />
    <TermsFields days={around.days} form={draw.form} />
    <WhatHappens approval={around.approval} mailing={draw.mailing} />
    <input type="hidden" name="key" value={newId()} />
    <input type="hidden" name="version" value={String(draft.version)} />
    <Buttons {...draw} draft={draft} label="Send invitation" />
  </form>
)
