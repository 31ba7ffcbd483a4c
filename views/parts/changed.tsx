import type { ChangeSince } from '../../src/members/conflict.ts'
import { profileLabels, profileOf, type Regions } from '../../src/members/edit/rules.ts'
import type { Person } from '../../src/members/person.ts'
import { type Actor, fullName } from '../../src/platform/access/actor.ts'
import { events } from '../../src/platform/events/catalogue.ts'
import { shortId } from '../../src/platform/ids.ts'
import type { Form } from '../../src/platform/web/form.ts'
import { Time } from './time.tsx'

/** The version that a form was filled from. */
export const VersionOf = ({ person, form }: { person: { version: number }; form?: Form | undefined }) => (
  <input
    type="hidden"
    name="version"
    value={/^[1-9]\d{0,8}$/.exec(form?.values.version ?? '')?.[0] ?? String(person.version)}
  />
)

type Props = {
  person: Person
  form?: Form | undefined
  actor: Actor
  now: Date
  regions: Regions
  since: ChangeSince[]
}

/** Who was quicker and with what, and of every field that differs both values. */
export const Changed = ({ person, regions, form, since, actor, now }: Props) => {
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
