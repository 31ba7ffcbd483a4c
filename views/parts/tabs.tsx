import type { Actor } from '../../src/platform/access/actor.ts'
import { type Section, tabsOf } from '../navigation.tsx'

/** The tabs of a section, as far as the actor may open them. */
export const Tabs = ({ actor, section, current }: { actor: Actor; section: Section; current: string }) => (
  <nav class="tabs" aria-label={section}>
    {tabsOf(section, actor).map((tab) => (
      <>
        <a href={`/o/${actor.organization.slug}${tab.path}`} aria-current={tab.path === current ? 'page' : undefined}>
          {tab.label}
        </a>{' '}
      </>
    ))}
  </nav>
)
