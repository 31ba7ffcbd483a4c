/** Somebody signed in whose last membership has ended. */
export const NoOrganization = (_: Record<never, never>) => (
  <div class="page">
    <h1>You aren’t in an organization</h1>
    <p>Your account works, but no organization has a place for you at the moment.</p>
    <p>Ask the person who manages access where you work to add you or to invite you.</p>
  </div>
)
