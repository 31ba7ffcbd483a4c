import { inMain } from './in-main.ts'

const tabs = [
  { href: '/profile', label: 'Account' },
  { href: '/profile/security', label: 'Security' },
  { href: '/profile/sessions', label: 'Sessions' },
]

/** The screens of one's own account. */
export const OwnTabs = ({ current }: { current: string }) => (
  <nav class="tabs" aria-label="Profile">
    {tabs.map(({ href, label }) => (
      <>
        <a href={href} aria-current={href === current ? 'page' : undefined} {...inMain}>
          {label}
        </a>{' '}
      </>
    ))}
  </nav>
)
