import type { Visitor } from '../../src/platform/access/actor.ts'
import { Day } from '../parts/time.tsx'

/** Above every screen of somebody who lacks two-factor, and will need it. */
export const NeededSoon = ({ needed: { from, by } }: { needed: NonNullable<Visitor['twoFactor']['needed']> }) => (
  <p class="note">
    <bdi>{by}</bdi> requires two-factor from <Day date={from} /> on. <a href="/profile/security">Turn it on</a>
  </p>
)
