import type { Child } from 'hono/jsx'
import { fullName } from '../../src/platform/access/actor.ts'
import { Avatar } from '../navigation.tsx'
import { ActFrame, type ActWords } from '../parts/act-frame.tsx'
import { statusLabel, statusMark } from './words.ts'

type Props = {
  person: { first_name: string; last_name: string; email: string; status: string; avatar: string | null }
  slug: string
  words: ActWords
  /** The person's panel. */
  back: string
  alone: boolean
  children?: Child
}

/** A form about one person: whose it is, how to leave it, and the form itself. */
export const Act = ({ person, slug, children, ...frame }: Props) => (
  <ActFrame
    avatar={<Avatar person={person} slug={slug} big />}
    name={fullName(person)}
    state={{ mark: statusMark[person.status as keyof typeof statusMark], label: statusLabel(person.status) }}
    {...frame}
  >
    {children}
  </ActFrame>
)
