import type { Facts, Written } from '../../src/mail/facts.ts'
import { day, exactly } from '../parts/time.tsx'

/** A paragraph, a link that is the thing to do, or words of somebody else, who aren't us. */
type Part = string | { label: string; href: string } | { quote: string }

/** A moment as letters say it: they stay unread for days, so never "in 3 hours". */
export const moment = (at: Date, zone: string): string => {
  const { local, offset } = exactly(at, zone)
  return `${day(local.slice(0, 10))}, ${local.slice(11)} ${offset || 'UTC'}`
}

/** The same in the reader's time zone and, where that is another one, in UTC, as whoever looks into a log has it. */
export const momentAnywhere = (at: Date, zone: string): string => {
  const there = moment(at, zone)
  const utc = moment(at, 'UTC')
  return there === utc ? utc : `${there} (${utc})`
}

/** What whoever else did it may know is changed by a new password, which also ends every session. */
export const ifNotYou = ({ forgotten }: Facts): Part[] => [
  'If it wasn’t you, and nobody told you of it: choose a new password at once, by a link that we send you; that signs everybody out of your account. Then tell an administrator of your organization.',
  { label: 'Choose a new password', href: forgotten },
]

/** What to do when it wasn't the reader who did it, and a link to their address may not be theirs. */
export const notYou = ({ cannotSignIn }: Facts): Part[] => [
  'If you didn’t expect this, ask an administrator of your organization at once. What else to try stands here:',
  { label: 'Can’t sign in?', href: cannotSignIn },
]

const asText = (part: Part): string => {
  if (typeof part === 'string') return part
  if ('quote' in part) return part.quote.replace(/^/gm, '> ')
  return `${part.label}\n${part.href}`
}

const Shown = ({ part }: { part: Part }) => {
  if (typeof part === 'string') return <p>{part}</p>
  if ('quote' in part)
    return (
      <blockquote style="margin:0 0 16px;padding-left:12px;border-left:3px solid #bbb;white-space:pre-line">
        {part.quote}
      </blockquote>
    )
  return (
    <p>
      <a href={part.href}>{part.label}</a>
    </p>
  )
}

/** Nothing in it is fetched from anywhere, and nobody hears that it was opened. */
const Frame = ({ subject, parts, foot }: { subject: string; parts: Part[]; foot: string }) => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width" />
      <meta name="color-scheme" content="light dark" />
      <title>{subject}</title>
    </head>
    <body style="margin:0 auto;max-width:560px;padding:16px;font:16px/1.5 sans-serif">
      {parts.map((part) => (
        <Shown part={part} />
      ))}
      <p style="font-size:14px">{foot}</p>
    </body>
  </html>
)

/**
 * A letter in both its forms, from the same parts. Its subject is ours alone: no name or message of anybody stands in one, for some
 * readers are strangers.
 */
export function letter({ organization }: Facts, subject: string, ...parts: Part[]): Written {
  const foot = organization
    ? `Sent by Rollcall, the access desk of ${organization}.`
    : 'Sent by Rollcall, the access desk of your organization.'
  return {
    subject,
    text: `${[...parts.map(asText), foot].join('\n\n')}\n`,
    html: `<!DOCTYPE html>${<Frame subject={subject} parts={parts} foot={foot} />}`,
  }
}
