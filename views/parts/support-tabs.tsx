const tabs = [
  { href: '/support/invitations', label: 'Invitations' },
  { href: '/support/people', label: 'Why can’t they get in?' },
]

/** The two screens of support staff. */
export const SupportTabs = ({ current }: { current: string }) => (
  <nav class="tabs" aria-label="Support">
    {tabs.map(({ href, label }) => (
      <>
        <a href={href} aria-current={href === current ? 'page' : undefined}>
          {label}
        </a>{' '}
      </>
    ))}
  </nav>
)
