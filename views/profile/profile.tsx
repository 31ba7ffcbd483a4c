import type { ChangeSince } from '../../src/members/conflict.ts'
import { contactNames, profileOf } from '../../src/members/edit/rules.ts'
import { mayPlace } from '../../src/members/rules.ts'
import type { Actor } from '../../src/platform/access/actor.ts'
import { shortId } from '../../src/platform/ids.ts'
import type { Form } from '../../src/platform/web/form.ts'
import type { OwnPlace } from '../../src/profile/queries.ts'
import { Avatar } from '../navigation.tsx'
import { ActButtons } from '../parts/act-frame.tsx'
import { Changed, VersionOf } from '../parts/changed.tsx'
import { ContactFields, contactWords } from '../parts/contact-fields.tsx'
import { ErrorSummary } from '../parts/field.tsx'
import { type Helper, Helpers } from '../parts/helpers.tsx'
import { sentInMain } from '../parts/in-main.ts'

type Props = {
  actor: Actor
  place: OwnPlace
  /** Who may change what is locked, beside the group's managers; none when nothing is. */
  admins: Helper[]
  form?: Form | undefined
  /** Somebody else changed them after the form was opened. */
  since?: ChangeSince[] | undefined
  now: Date
}

/** What the members of one organization see of whoever is signed in. */
export const OwnProfile = ({ actor, place: { person, locked, managers }, admins, form, since, now }: Props) => {
  const { slug, name } = actor.organization
  const base = `/o/${slug}`
  const names = contactNames.filter((one) => !locked.includes(one))
  return (
    <div class="page">
      <h1>Edit profile</h1>
      <p>
        This is what the members of <bdi>{name}</bdi> see of you. Your email is under <a href="/profile">Account</a>,
        your password under <a href="/profile/security">Security</a>.
      </p>
      {since ? (
        <Changed person={person} regions={[]} form={form} since={since} actor={actor} now={now} />
      ) : (
        <ErrorSummary form={form} />
      )}
      <div class="row">
        <Avatar person={person} slug={slug} big />{' '}
        <a href={`${base}/profile/avatar`}>{person.avatar ? 'Change or remove picture' : 'Add a picture'}</a>
      </div>
      {names.length > 0 && (
        <form {...sentInMain(`${base}/profile`)}>
          <ContactFields profile={profileOf(person)} form={form} names={names} own />
          <VersionOf person={person} form={form} />
          <ActButtons label="Save" back={`${base}/members/me`} />
        </form>
      )}
      {locked.length > 0 && (
        <>
          <h2>Kept by your group</h2>
          <p>
            Members of <bdi>{person.group_name}</bdi> don’t change these themselves. Ask one of the people below.
          </p>
          <dl class="facts">
            {locked.map((one) => (
              <>
                <dt>{contactWords[one].label}</dt>
                <dd id={one} tabindex={-1}>
                  {person[one] || <span class="dim">–</span>}
                  {form?.errors[one] && <p class="error">{form.errors[one]}</p>}
                </dd>
              </>
            ))}
          </dl>
          <Helpers who="Whom to ask" caption="Who may change it" people={[...managers, ...admins]} />
        </>
      )}
      {mayPlace(actor, person) === null && (
        <p class="muted">
          You may change your region and area where you{' '}
          <a href={`${base}/members/${shortId(person.id)}/edit`}>edit members</a>.
        </p>
      )}
    </div>
  )
}
