/** What letters tell of; each takes what it needs (views/mail/). What isn't there is '' or null. */
export type Facts = {
  /** The organization's name. */
  organization: string
  to: string
  /** When it happened. */
  at: Date
  /** The reader's time zone, where it is known. */
  zone: string
  /** A link of the reader's own, which opens a door, and until when. */
  link: string | null
  until: Date | null
  signIn: string
  cannotSignIn: string
  forgotten: string
  /** Where the reader sees where they are signed in, and ends it. */
  sessions: string
  /** Where the organization looks at what this is about. */
  page: string | null
  /** Of an invitation: who is invited, by whom, decided by whom. */
  invitee: string
  inviteeEmail: string
  sender: string
  decider: string
  role: string
  message: string
  reason: string
  /** Of an account: its address, and the one that it is to have. */
  email: string
  newEmail: string
  /** Somebody has that one already. */
  taken: boolean
  /** Of an account's second step: whether this is about it, an app took another's place, and how many backup codes are left. */
  secondStep: boolean
  replaced: boolean
  codesLeft: number
  /** The reset link is the only way in: the password that there was doesn't work. */
  stopped: boolean
  /** Whether one organization manages the account, so that its administrators may end a block (product.md). */
  managed: boolean
  /** The account is support staff's from now on, or isn't anymore. */
  begun: boolean
  /** Of a sign-in: the browser and system in words, and the address that it came from. */
  device: string
  address: string
  /** Of a membership: whose it is, its group, and whether it manages it. */
  member: string
  group: string
  manages: boolean
  /** Its last day, as YYYY-MM-DD, and who can change that. */
  endsOn: string
  admins: { name: string; email: string }[]
  /** Of two-factor that is required: from which day on, and whose exemption ends when, YYYY-MM-DD; the first twenty by name. */
  neededFrom: string
  exemptions: { name: string; until: string }[]
  moreExemptions: number
  /** Of several invitations that wait for approval at once: some by name, and how many others there were. Null: it is a single one. */
  waiting: Pick<Facts, 'invitee' | 'inviteeEmail' | 'sender' | 'role'>[] | null
  moreWaiting: number
}

/** A letter that is written. */
export type Written = { subject: string; text: string; html: string }
