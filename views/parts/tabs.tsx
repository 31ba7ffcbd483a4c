import { type Actor, can } from '../../src/platform/access/actor.ts'
import { permissionTabs } from '../navigation.tsx'

/** The tabs of Permissions, as far as the actor may open them. */
export const Tabs = ({ actor, current }: { actor: Actor; current: string }) => (
  <nav class="tabs" aria-label="Permissions">
    {permissionTabs
      .filter((tab) => !tab.needs || can(actor, tab.needs))
      .map((tab) => (
        <a href={`/o/${actor.organization.slug}${tab.path}`} aria-current={tab.path === current ? 'page' : undefined}>
          {tab.label}
        </a>
      ))}
  </nav>
)
