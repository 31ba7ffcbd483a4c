import type { Child } from 'hono/jsx'
import { Icon } from './icon.tsx'

/** `title` names the act, as its link does. */
export type ActWords = { title: string }

type Props = {
  /** Whom or what the act is about: a picture, a name, and how it stands. */
  avatar: Child
  name: string
  state: { mark: string; label: string }
  words: ActWords
  /** The panel that the act began from. */
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

/** A form about somebody or something: what it is about, how to leave it, and the form itself. */
export const ActFrame = ({ avatar, name, state, words, back, alone, children }: Props) => {
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
        {avatar}
        <div>
          <Name class="who">{name}</Name>
          <span class={state.mark}>{state.label}</span>
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
