import type { Child } from 'hono/jsx'
import type { Invitation } from '../../src/invitations/panel.ts'
import { ActFrame, type ActWords } from '../parts/act-frame.tsx'
import { Letter } from './letter.tsx'
import { nameOf, stateOf } from './words.ts'

type Props = {
  invitation: Pick<Invitation, 'first_name' | 'last_name' | 'email' | 'status' | 'expires_at'>
  now: Date
  words: ActWords
  /** The invitation's panel. */
  back: string
  alone: boolean
  children?: Child
}

/** A form about one invitation: whose it is, how to leave it, and the form itself. */
export const InvitationAct = ({ invitation, now, children, ...frame }: Props) => (
  <ActFrame avatar={<Letter />} name={nameOf(invitation)} state={stateOf(invitation, now)} {...frame}>
    {children}
  </ActFrame>
)
