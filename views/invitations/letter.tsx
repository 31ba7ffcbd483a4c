import { Icon } from '../parts/icon.tsx'

/** Where a person has their initials, an invitation has a letter. */
export const Letter = () => (
  <span class="av big" aria-hidden="true">
    <Icon name="mail" />
  </span>
)
