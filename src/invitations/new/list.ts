import { emailKey } from '../../platform/fold.ts'
import { email, line } from '../../platform/web/form.ts'
import { readPeople } from './lines.ts'
import { type Asked, type Judged, judge, type Known, type Outcome } from './rules.ts'

/** So many people are invited at once. */
export const mostPeople = 100
/** So many lines are told of one by one; of the others only how many there are. */
const mostTold = 200

/** One person of a pasted list. `outcome` is there where the list alone decides it. */
export type Entry = {
  text: string
  email: string
  email_key: string
  first_name: string
  last_name: string
  outcome?: Extract<Outcome, 'wrong' | 'twice' | 'many'>
}
export type PastedList = { entries: Entry[]; more: number }

/** What a draft holds of several invitations before they are sent. */
export type Several = { text: string; list: PastedList; access?: Asked; days: number; message: string }
/** What it holds afterwards. */
export type Done = { sent: number; waits: boolean; left: { text: string; outcome: Outcome }[]; more: number }

const longest = 254
const name = line(100, { label: 'The name' })
const asName = (text: string) => name.safeParse([...text].slice(0, 100).join('')).data ?? ''

/** Everybody in a pasted text: each address once, whatever its letters, and no more than may be invited at once. */
export function readList(text: string): PastedList {
  const keys = new Set<string>()
  const all = readPeople(text)
  const entries = all.slice(0, mostTold).map((one): Entry => {
    const typed = one.email.length > longest ? null : email.safeParse(one.email)
    const names = { first_name: asName(one.first_name), last_name: asName(one.last_name) }
    const entry = { text: one.text.slice(0, 120), email: '', email_key: '', ...names }
    if (!typed?.success) return { ...entry, outcome: 'wrong' }
    const key = emailKey(typed.data)
    const found = { ...entry, email: typed.data, email_key: key }
    if (keys.has(key)) return { ...found, outcome: 'twice' }
    if (keys.size === mostPeople) return { ...found, outcome: 'many' }
    keys.add(key)
    return found
  })
  return { entries, more: all.length - entries.length }
}

/** The addresses that are to be looked up. */
export const keysOf = ({ entries }: PastedList): string[] =>
  entries.filter(({ outcome }) => !outcome).map(({ email_key }) => email_key)

export type Checked = Entry & { judged: Judged }

/** What becomes of each, at this moment. */
export const check = ({ entries }: PastedList, known: Known, now: Date): Checked[] =>
  entries.map((entry) => ({
    ...entry,
    judged: entry.outcome
      ? { outcome: entry.outcome, why: null, see: null, membership: null }
      : judge(known, entry.email_key, now),
  }))

/** Those who are invited: with `anyway`, those too whose domain looks like another one. */
export const goodOf = (checked: Checked[], anyway: boolean): Checked[] =>
  checked.filter(({ judged: { outcome } }) => outcome === 'new' || (anyway && outcome === 'looks'))
