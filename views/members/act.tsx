import type { Child } from 'hono/jsx'
import { fullName } from '../../src/platform/access/actor.ts'
import { Avatar } from '../navigation.tsx'
import { Icon } from '../parts/icon.tsx'
import { statusLabel, statusMark } from './words.ts'

/** `title` names the act, as its link does. */
export type ActWords = { title: string }

type Props = {
  person: { first_name: string; last_name: string; email: string; status: string }
  words: ActWords
  /** The person's panel. */
  back: string
  /** As a page of its own, and not in the place of the panel. */
  alone: boolean
  children?: Child
}

/** Links and forms in here bring what comes next to the panel's place. */
const stays = {
  'data-hx-boost:inherited': 'true',
  'data-hx-target:inherited': '#panel',
  'data-hx-swap:inherited': 'outerHTML show:none',
}

/** A form about one person: whose it is, how to leave it, and the form itself. */
export const Act = ({ person, words, back, alone, children }: Props) => {
  const [Name, Title, Part] = alone ? (['p', 'h1', 'div'] as const) : (['h2', 'h3', 'section'] as const)
  return (
    <section
      class={alone ? 'panel alone' : 'panel'}
      id="panel"
      aria-labelledby="act"
      tabindex={-1}
      {...(alone ? {} : stays)}
    >
      <header>
        <a class="back" href={back}>
          Details
        </a>{' '}
        <Avatar person={person} big />
        <div>
          <Name class="who">{fullName(person)}</Name>
          <span class={statusMark[person.status as keyof typeof statusMark]}>{statusLabel(person.status)}</span>
        </div>
        <a class="icon close" href={back} aria-label="Close">
          <Icon name="close" />
        </a>
      </header>
      <Part class="part">
        <Title id="act">{words.title}</Title>
        {children}
      </Part>
    </section>
  )
}

/** The two ways out of a form: doing it, said as what it does, and leaving it. */
export const ActButtons = ({ label, back, danger }: { label: string; back: string; danger?: boolean }) => (
  <div class="row">
    <button class={danger ? 'btn danger' : 'btn main'}>{label}</button> <a href={back}>Cancel</a>
  </div>
)
