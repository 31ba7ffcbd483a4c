import { asset } from '../../src/platform/web/static.ts'

export type IconName =
  | 'tally'
  | 'search'
  | 'plus'
  | 'chevron'
  | 'back'
  | 'bell'
  | 'menu'
  | 'download'
  | 'more'
  | 'check'
  | 'close'
  | 'person'
  | 'key'
  | 'mail'
  | 'clock'
  | 'alert'

export const Icon = ({ name }: { name?: IconName }) => (
  <svg class="i" aria-hidden="true">
    {name && <use href={`${asset('icons.svg')}#${name}`} />}
  </svg>
)
