import type { ChangeSince } from '../../src/members/conflict.ts'
import { type Profile, profileLabels, profileOf, type Regions } from '../../src/members/edit/rules.ts'
import type { Person } from '../../src/members/person.ts'
import { type Actor, can, fullName } from '../../src/platform/access/actor.ts'
import { permissions } from '../../src/platform/access/permissions.ts'
import { events } from '../../src/platform/events/catalogue.ts'
import { shortId } from '../../src/platform/ids.ts'
import type { Form } from '../../src/platform/web/form.ts'
import { ErrorSummary, Field } from '../parts/field.tsx'
import { Icon } from '../parts/icon.tsx'
import { sent } from '../parts/sent.ts'
import { Time } from '../parts/time.tsx'
import { ActButtons } from './act.tsx'

type Props = {
  person: Person
  /** Null for somebody who may not place people. */
  regions: Regions | null
  actor: Actor
  action: string
  back: string
  form?: Form | undefined
  /** Somebody else changed the person after the form was opened. */
  since?: ChangeSince[] | undefined
  now: Date
}

/** Names, contact details, and where somebody works. */
export const Edit = ({ person, regions, actor, action, back, form, since, now }: Props) => {
  const profile = profileOf(person)
  const text = (name: Exclude<keyof Profile, 'region_id' | 'area_id'>, label: string, maxlength = 100) => (
    <Field
      label={label}
      name={name}
      type={maxlength === 40 ? 'tel' : 'text'}
      form={form}
      value={profile[name]}
      maxlength={maxlength}
      autocomplete="off"
      short={name === 'extension'}
    />
  )
  return (
    <form {...sent(action)}>
      {since ? (
        <Changed person={person} regions={regions ?? []} form={form} since={since} actor={actor} now={now} />
      ) : (
        <ErrorSummary form={form} />
      )}
      {text('first_name', 'First name')}
      {text('last_name', 'Last name')}
      {text('title', 'Title')}
      {text('cell_phone', 'Cell phone', 40)}
      {text('office_phone', 'Office phone', 40)}
      {text('extension', 'Extension', 40)}
      {regions && <Places actor={actor} regions={regions} profile={profile} form={form} />}
      <input type="hidden" name="version" value={versionOf(form) ?? String(person.version)} />
      <ActButtons label="Save" back={back} />
    </form>
  )
}

const versionOf = (form: Form | undefined): string | null =>
  /^[1-9]\d{0,8}$/.exec(form?.values.version ?? '')?.[0] ?? null

type PlacesProps = {
  actor: Actor
  regions: Regions
  profile: Pick<Profile, 'region_id' | 'area_id'>
  form: Form | undefined
}

/** Both are there at once, so that it works without script: areas stand under the name of their region. */
export const Places = ({ actor, regions, profile, form }: PlacesProps) => {
  if (regions.length === 0)
    return (
      <div class="field">
        <b>Region and area</b>
        <p class="hint">
          No regions are defined yet.{' '}
          {can(actor, 'regions.manage') ? (
            <>
              <a href={`/o/${actor.organization.slug}/regions`} data-hx-boost="false">
                Define them in the settings
              </a>
              .
            </>
          ) : (
            `They come from Settings > Regions, by whoever holds “${permissions['regions.manage'].label}”.`
          )}
        </p>
      </div>
    )
  const chosen = (name: 'region' | 'area') => {
    const now = profile[`${name}_id`]
    return form?.values[name] ?? (now ? shortId(now) : '')
  }
  const option = (name: 'region' | 'area', one: { id: string; name: string }) => (
    <option value={shortId(one.id)} selected={chosen(name) === shortId(one.id)}>
      {one.name}
    </option>
  )
  return (
    <>
      <Select label="Region" name="region" form={form}>
        {regions.map((region) => option('region', region))}
      </Select>
      <Select label="Area" name="area" form={form} hint="An area belongs to its region.">
        {regions.map(
          (region) =>
            region.areas.length > 0 && (
              <optgroup label={region.name}>{region.areas.map((area) => option('area', area))}</optgroup>
            ),
        )}
      </Select>
    </>
  )
}

type SelectProps = { label: string; name: string; hint?: string; form: Form | undefined; children?: unknown }
const Select = ({ label, name, hint, form, children }: SelectProps) => {
  const error = form?.errors[name]
  const described = [error && `${name}-error`, hint && `${name}-hint`].filter(Boolean).join(' ')
  return (
    <div class="field">
      <label for={name}>{label}</label>{' '}
      {hint && (
        <p class="hint" id={`${name}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p class="error" id={`${name}-error`}>
          <Icon name="alert" />
          {error}
        </p>
      )}
      <select id={name} name={name} aria-invalid={error ? 'true' : undefined} aria-describedby={described || undefined}>
        <option value="">None</option>
        {children as never}
      </select>
    </div>
  )
}

type ChangedProps = Pick<Props, 'person' | 'form' | 'actor' | 'now'> & { regions: Regions; since: ChangeSince[] }

/** Who was quicker and with what, and of every field that differs both values. */
const Changed = ({ person, regions, form, since, actor, now }: ChangedProps) => {
  const profile = profileOf(person)
  const nameOf = (id: string | null) =>
    regions.flatMap((region) => [region, ...region.areas]).find((one) => id && [one.id, shortId(one.id)].includes(id))
      ?.name ?? ''
  const values = Object.entries(profileLabels).flatMap(([name, label]) => {
    const mine = form?.values[name]
    if (mine === undefined) return []
    const isPlace = name === 'region' || name === 'area'
    const theirs = isPlace ? nameOf(profile[`${name}_id`]) : profile[name as 'first_name']
    const typed = isPlace ? nameOf(mine) : mine.normalize('NFC').trim()
    return theirs === typed ? [] : [{ name, label, theirs, typed }]
  })
  return (
    <div class="summary" role="alert" tabindex={-1} id="errors">
      <h2>Somebody else changed this meanwhile</h2>
      <ul>
        {since.map((one) => (
          <li>
            {events[one.act as keyof typeof events] ?? one.act}
            {fieldsOf(one.changes)} by{' '}
            {one.actor_id === actor.accountId ? (
              'you, elsewhere'
            ) : one.email === null ? (
              'somebody'
            ) : (
              <bdi>
                {fullName({ first_name: one.first_name ?? '', last_name: one.last_name ?? '', email: one.email })}
              </bdi>
            )}
            , <Time at={one.at} now={now} zone={actor.timeZone} />
          </li>
        ))}
        {values.map(({ name, label, theirs, typed }) => (
          <li>
            <a href={`#${name}`}>{label[0]?.toUpperCase() + label.slice(1)}</a>: now <Value text={theirs} />, you typed{' '}
            <Value text={typed} />
          </li>
        ))}
      </ul>
      <p>What you typed is still here and not saved. Compare, then save again to write it over.</p>
    </div>
  )
}

const Value = ({ text }: { text: string }) => (text ? <bdi>“{text}”</bdi> : <>nothing</>)

const fieldsOf = (changes: unknown): string => {
  const fields = (changes as { fields?: unknown } | null)?.fields
  if (!Array.isArray(fields)) return ''
  return ` (${fields.map((name) => profileLabels[name as keyof typeof profileLabels] ?? String(name)).join(', ')})`
}
