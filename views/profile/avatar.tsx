import type { Actor } from '../../src/platform/access/actor.ts'
import type { Form } from '../../src/platform/web/form.ts'
import { avatarHref } from '../navigation.tsx'
import { ActButtons } from '../parts/act-frame.tsx'
import { ErrorSummary } from '../parts/field.tsx'
import { Labelled, tied } from '../parts/labelled.tsx'

const hint = 'PNG, JPEG or WebP, at most 2 MB. It is cut to a square, and where it was taken isn’t kept.'

/** The picture that stands beside one's name, and what to do about it. A form of files is the browser's alone. */
export const AvatarPage = ({ actor, base, form }: { actor: Actor; base: string; form?: Form | undefined }) => {
  const { avatar } = actor.membership
  const field = { label: avatar ? 'New picture' : 'Picture', name: 'avatar', hint, form }
  return (
    <div class="page">
      <p>
        <a href={`${base}/profile`}>Edit profile</a>
      </p>
      <h1>Your picture</h1>
      <ErrorSummary form={form} />
      {avatar && (
        <form method="post" action={`${base}/profile/avatar/remove`} class="row">
          <a href={avatarHref(actor.organization.slug, avatar, 512)}>
            <img src={avatarHref(actor.organization.slug, avatar, 192)} width={96} height={96} alt="As it is now" />
          </a>{' '}
          <button class="btn danger" name="remove" value="on">
            Remove picture
          </button>
        </form>
      )}
      <form method="post" action={`${base}/profile/avatar`} enctype="multipart/form-data">
        <Labelled {...field}>
          <input {...tied(field)} type="file" accept="image/png,image/jpeg,image/webp" required />
        </Labelled>
        <ActButtons label="Use this picture" back={`${base}/profile`} />
      </form>
    </div>
  )
}
