import type { Child } from 'hono/jsx'
import { whyOnlyInvited } from '../../src/add-user/rules.ts'
import { chosenAccess, type Here, reached, type Step, stepsOf, stepTitles } from '../../src/members/new/draft.ts'
import type { Draft } from '../../src/members/new/queries.ts'
import { type Actor, can, fullName } from '../../src/platform/access/actor.ts'
import { organizationRoles } from '../../src/platform/access/permissions.ts'
import { newId, shortId } from '../../src/platform/ids.ts'
import type { Form } from '../../src/platform/web/form.ts'
import { AccessFields } from '../parts/access-fields.tsx'
import { ErrorSummary, Field } from '../parts/field.tsx'
import { Icon } from '../parts/icon.tsx'
import { Places } from '../parts/places.tsx'

export type Draw = {
  actor: Actor
  /** Where the members are. */
  base: string
  /** Null before the first step is taken. */
  draft: Draft | null
  step: Step
  action: string
  mailing: boolean
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

/** The two ways in. */
export const howWords = {
  now: { label: 'Add now', help: 'They are a member at once, with a first password.' },
  invite: {
    label: 'Send an invitation',
    help: 'They become a member when they accept it, and choose their password there.',
  },
} as const

/** What each step has been answered with, in a few words. */
function saidAt(actor: Actor, { typed, choices }: Draft, step: Step): string | null {
  if (step === 'email') return typed.email
  if (step === 'name') return typed.contact ? `${typed.contact.first_name} ${typed.contact.last_name}`.trim() : null
  if (step === 'how') return typed.how ? howWords[typed.how].label : null
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
export const Buttons = ({ actor, base, draft, step, label = 'Continue' }: Draw & { label?: string }) => {
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
export const Instead = ({ base, person }: { base: string; person: Here | null }) =>
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

export const HowStep = ({ draft, ...draw }: Draw & { draft: Draft }) => {
  const { form } = draw
  const only = whyOnlyInvited(draw.actor, draft)
  const how = only ? 'invite' : (form?.values.how ?? draft.typed.how ?? 'now')
  return (
    <form method="post" action={draw.action}>
      <fieldset class="field ways">
        <legend>How they get in</legend>
        {only && <p class="hint">{only}.</p>}
        {form?.errors.how && (
          <p class="error" id="how-error">
            <Icon name="alert" />
            {form.errors.how}
          </p>
        )}
        {(Object.keys(howWords) as (keyof typeof howWords)[])
          .filter((value) => !only || value === 'invite')
          .map((value, n) => (
            <label class="check">
              <input type="radio" name="how" value={value} id={n === 0 ? 'how' : undefined} checked={value === how} />{' '}
              <span>
                {howWords[value].label}{' '}
                <small>
                  {howWords[value].help}
                  <br />
                </small>
              </span>
            </label>
          ))}
      </fieldset>
      <Buttons {...draw} draft={draft} />
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
