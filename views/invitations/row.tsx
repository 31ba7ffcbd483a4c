import { approvals } from '../../src/invitations/rules.ts'
import { roleLabel } from '../parts/roles.ts'
import { DayOf } from '../parts/time.tsx'
import { nameOf, stateOf } from './words.ts'

const none = <span class="dim">–</span>

export type InvitationRow = {
  id: string
  first_name: string
  last_name: string
  email: string
  status: string
  organization_role: string
  created_at: Date
  expires_at: Date | null
  approval: string
  sender_name: string
}

type Props = { row: InvitationRow; href: string; current: boolean; now: Date; zone: string }

/* No classes on the cells: app.css knows the columns of .invites by their number. */
export const Row = ({ row, href, current, now, zone }: Props) => {
  const { mark, label } = stateOf(row, now)
  return (
    <tr>
      <th scope="row" class="name">
        <a href={href} aria-current={current ? 'true' : undefined}>
          {nameOf(row)}
        </a>
      </th>
      <td>{row.email}</td>
      <td>
        <span class={mark}>{label}</span>
      </td>
      <td>{roleLabel(row.organization_role)}</td>
      <td>
        <DayOf at={row.created_at} zone={zone} />
      </td>
      <td>{row.expires_at ? <DayOf at={row.expires_at} zone={zone} /> : none}</td>
      <td>{approvals[row.approval as keyof typeof approvals]}</td>
      <td>{row.sender_name || none}</td>
      <td>
        <a class="go" href={href}>
          Actions
        </a>
      </td>
    </tr>
  )
}
