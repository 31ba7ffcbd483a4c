import type { Person } from '../../src/members/person.ts'
import { fullName } from '../../src/platform/access/actor.ts'
import { avatarHref } from '../navigation.tsx'
import { ActButtons } from '../parts/act-frame.tsx'
import { sent } from '../parts/sent.ts'

type Props = { person: Person; slug: string; action: string; back: string; status: number }

export const RemovePicture = ({ person, slug, action, back, status }: Props) => (
  <form {...sent(action)}>
    {status === 409 && (
      <p class="error" role="alert">
        They chose another picture meanwhile. This is it.
      </p>
    )}
    <p>
      <img src={avatarHref(slug, person.avatar ?? '', 192)} width={96} height={96} alt="As it is now" />
    </p>
    <p>
      Initials take its place, for everybody. <bdi>{fullName(person)}</bdi> can choose another one in their profile.
    </p>
    <input type="hidden" name="picture" value={person.avatar ?? ''} />
    <ActButtons label="Remove picture" back={back} danger />
  </form>
)
