import { randomUUID } from 'node:crypto'
import type { Child } from 'hono/jsx'
import {
  chosenAccess,
  type Here,
  ownGroupOnly,
  reached,
  type Step,
  stepsOf,
  stepTitles,
} from '../../src/members/new/draft.ts'
import type { Added as AddedPerson, Draft } from '../../src/members/new/queries.ts'
import { type Actor, can, fullName, reach } from '../../src/platform/access/actor.ts'
import { organizationRoles, permissions } from '../../src/platform/access/permissions.ts'
import { newId, shortId } from '../../src/platform/ids.ts'
import type { Form } from '../../src/platform/web/form.ts'
import { ErrorSummary, Field } from '../parts/field.tsx'
import { Icon } from '../parts/icon.tsx'
import { Once } from '../parts/once.tsx'
import { ExactTime } from '../parts/time.tsx'
import { AccessFields } from './access.tsx'
import { Places } from './edit.tsx'

export type Draw = {
  actor: Actor
  /** Where the members are. */
  base: string
  /** Null before the first step is taken. */
  draft: Draft | null
  step: Step
  action: string
  form?: Form | undefined
}

/** One step: which it is, what is wrong with it, its form, and what has been said so far. */
export const Frame = ({ actor, base, draft, step, form, children }: Draw & { children?: Child }) => {
  const steps = stepsOf(actor)
  return (
    <div class="page">
      <p class="muted">
        Add user, step {steps.indexOf(step) + 1} of {steps.length}
      </p>
      <h1>{stepTitles[step]}</h1>
      <ErrorSummary form={form} />
      <div class="draft">
        {children}
        <Steps actor={actor} base={base} draft={draft} step={step} />
      </div>
    </div>
  )
}

/** What each step has been answered with, in a few words. */
function saidAt(actor: Actor, { typed, choices }: Draft, step: Step): string | null {
  if (step === 'email') return typed.email
  if (step === 'name') return typed.contact ? `${typed.contact.first_name} ${typed.contact.last_name}`.trim() : null
  if (step === 'confirm' || !typed.access) return null
  const { role, group } = chosenAccess(actor, typed, choices)
  return [organizationRoles[role].label, choices.groups.find(({ id }) => id === group)?.name].filter(Boolean).join(', ')
}

const Steps = ({ actor, base, draft, step }: Pick<Draw, 'actor' | 'base' | 'draft' | 'step'>) => {
  const steps = stepsOf(actor)
  const far = draft ? steps.indexOf(reached(actor, draft.typed)) : 0
  return (
    <nav aria-label="Steps">
      <ol class="steps">
        {steps.map((one, n) => {
          // Confirm has all of it at length.
          const said = draft && step !== 'confirm' && saidAt(actor, draft, one)
          return (
            <li aria-current={one === step ? 'step' : undefined}>
              {stepTitles[one]} {said && <span>{said}</span>}{' '}
              {draft && one !== step && n <= far && (
                <a href={`${base}/new/${shortId(draft.id)}/${one}`}>
                  {n < far ? 'Change' : 'Go on'}
                  <span class="vh">
                    {n < far ? ' ' : ' to '}
                    {stepTitles[one].toLowerCase()}
                  </span>
                </a>
              )}
            </li>
          )
        })}
      </ol>
    </nav>
  )
}

/** On to the next step, back to the one before, or out: what was typed stays for a day. */
const Buttons = ({ actor, base, draft, step, label = 'Continue' }: Draw & { label?: string }) => {
  const steps = stepsOf(actor)
  const before = steps[steps.indexOf(step) - 1]
  return (
    <div class="row">
      <button class="btn main">{label}</button>{' '}
      {before && draft && (
        <a class="btn" href={`${base}/new/${shortId(draft.id)}/${before}`}>
          Back
        </a>
      )}{' '}
      <a class="btn plain" href={leaving(actor, base)}>
        Cancel
      </a>
    </div>
  )
}
const leaving = (actor: Actor, base: string) => (can(actor, 'members.view') ? base : base.replace(/\/members$/, ''))

/** Whom an address belongs to here, where the actor may look at them. */
const Instead = ({ base, person }: { base: string; person: Here | null }) =>
  person && (
    <p class="note">
      <a href={`${base}/${shortId(person.id)}`}>
        Open <bdi>{fullName(person)}</bdi>
      </a>
    </p>
  )

export const EmailStep = ({ person, ...draw }: Draw & { person: Here | null }) => (
  <form method="post" action={draw.action}>
    {!draw.draft && <input type="hidden" name="key" value={keyOf(draw.form)} />}
    <Field
      label="Email"
      name="email"
      type="email"
      hint="They sign in with it. Nothing is sent to it now."
      form={draw.form}
      value={draw.draft?.typed.email ?? ''}
      required
      maxlength={254}
      autocomplete="off"
    />
    <Instead base={draw.base} person={person} />
    <Buttons {...draw} />
  </form>
)

const keyOf = (form: Form | undefined): string => form?.values.key ?? newId()

export const NameStep = (draw: Draw) => {
  const contact = draw.draft?.typed.contact
  const line = (name: keyof NonNullable<typeof contact>, label: string, maxlength = 100, hint?: string) => (
    <Field
      label={label}
      name={name}
      type={maxlength === 40 && name !== 'extension' ? 'tel' : 'text'}
      form={draw.form}
      value={contact?.[name] ?? ''}
      maxlength={maxlength}
      autocomplete="off"
      required={name === 'first_name'}
      short={name === 'extension'}
      {...(hint ? { hint } : {})}
    />
  )
  return (
    <form method="post" action={draw.action}>
      {line('first_name', 'First name')}
      {line('last_name', 'Last name', 100, 'Leave empty for somebody with one name')}
      {line('title', 'Title')}
      {line('cell_phone', 'Cell phone', 40)}
      {line('office_phone', 'Office phone', 40)}
      {line('extension', 'Extension', 40)}
      <Buttons {...draw} />
    </form>
  )
}

export const AccessStep = ({ draft, ...draw }: Draw & { draft: Draft }) => {
  const now = chosenAccess(draw.actor, draft.typed, draft.choices)
  return (
    <form method="post" action={draw.action} class="access">
      <AccessFields actor={draw.actor} now={now} has={null} choices={draft.choices} form={draw.form} />
      <Places actor={draw.actor} regions={draft.regions} profile={now} form={draw.form} />
      <Buttons {...draw} draft={draft} />
    </form>
  )
}

type Fact = [name: string, label: string, value: string | null]

const gone = 'Not there any more'

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
                  <dd id={name} tabindex={form?.errors[name] ? -1 : undefined}>
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
          <small>As Group manager you add people to your own group. Others give them more.</small>
        )}
      </section>
    ))}
  </>
)

const ways = {
  link: {
    label: 'They choose it themselves',
    help: 'By a link that works once, within 72 hours. You get it on the next page, and pass it on.',
  },
  generated: { label: 'Generate one', help: 'Rollcall makes it, and shows it to you once on the next page.' },
  typed: { label: 'Type one', help: 'Typed twice, 15 characters or more.' },
} as const

export const ConfirmStep = ({ draft, person, ...draw }: Draw & { draft: Draft; person: Here | null }) => {
  const { form, actor, base } = draw
  const how = form?.values.how ?? 'link'
  return (
    <form method="post" action={draw.action}>
      <Summary actor={actor} base={base} draft={draft} form={form} />
      <Instead base={base} person={person} />
      <fieldset class="field ways">
        <legend>First password</legend>
        <p class="hint">
          One that you know works for 72 hours, and they must change it at their first sign-in. Nothing is sent: tell
          them yourself.
        </p>
        {form?.errors.how && (
          <p class="error" id="how-error">
            <Icon name="alert" />
            {form.errors.how}
          </p>
        )}
        {Object.entries(ways).map(([value, { label, help }], n) => (
          <>
            <label class="check">
              <input type="radio" name="how" value={value} id={n === 0 ? 'how' : undefined} checked={value === how} />{' '}
              <span>
                {label} <small>{help}</small>
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

type AddedProps = {
  actor: Actor
  base: string
  person: AddedPerson
  /** Shown on this answer alone. */
  password: string | null
  /** While it works: whoever added them may copy it again. */
  link: string | null
  until: Date
}

/** After Confirm: who was added, and how they get in. */
export const Added = ({ actor, base, person, password, link, until }: AddedProps) => {
  const name = <bdi>{fullName(person)}</bdi>
  const at = <ExactTime at={until} zone={actor.timeZone} />
  return (
    <div class="page">
      <h1>User added</h1>
      <p>
        {name} is a member of {actor.organization.name} now, and signs in with <b>{person.email}</b>.
      </p>
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
