import type { InvitationToChange } from '../../src/invitations/to-change.ts'
import type { Form } from '../../src/platform/web/form.ts'
import { ActButtons } from '../parts/act-frame.tsx'
import { ErrorSummary } from '../parts/field.tsx'
import { Once } from '../parts/once.tsx'
import { sent } from '../parts/sent.ts'
import { ExactTime } from '../parts/time.tsx'
import { nameOf } from './words.ts'

type Props = { invitation: InvitationToChange; zone: string; action: string; back: string; form?: Form | undefined }

export const CopyLink = ({ invitation, action, back, form }: Props) => (
  <form {...sent(action)}>
    <ErrorSummary form={form} />
    <p>
      The present link of <bdi>{nameOf(invitation)}</bdi>, to pass on yourself where mail doesn’t arrive. The one in the
      mail works on.
    </p>
    <p>
      Whoever has it can join in their place, so it doesn’t prove that <b>{invitation.email}</b> is theirs. You answer
      for it: it stops when you leave the organization. The history says that you copied it.
    </p>
    <input type="hidden" name="version" value={String(invitation.version)} />
    <ActButtons label="Show the link" back={back} />
  </form>
)

export const LinkCopied = ({ invitation, zone, back, link }: Props & { link: string }) => (
  <>
    <p>
      Pass this on to <bdi>{nameOf(invitation)}</bdi> yourself, and to nobody else. It is shown only now.
    </p>
    <Once text={link} />
    <p>
      It works once,{' '}
      {invitation.expires_at && (
        <>
          until <ExactTime at={invitation.expires_at} zone={zone} />,{' '}
        </>
      )}
      and only while you are a member here. It doesn’t prove that <b>{invitation.email}</b> is theirs.
    </p>
    <p>
      <a class="btn" href={back}>
        Done
      </a>
    </p>
  </>
)
