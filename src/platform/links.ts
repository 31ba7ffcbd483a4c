import { createHmac, timingSafeEqual } from 'node:crypto'
import { derive } from './database/key.ts'
import { isId, readId, shortId } from './ids.ts'

/** What a link is for; the same id and generation sign differently for each. */
export type LinkKind = 'reset' | 'invitation' | 'email' | 'former_email'

/** How it reached the person. Only a mailed link proves that the address is theirs (data-model.md). */
export type Channel = 'mail' | 'copy'

/** `by`: the membership of whoever was shown a copied one, and so knows it; nobody's where the operator was. */
export type Link = { kind: LinkKind; id: string; generation: number; channel: Channel; by?: string }

const channels: Channel[] = ['mail', 'copy']

const signature = ({ kind, id, generation, channel, by }: Link, key: Buffer): string =>
  createHmac('sha256', derive(key, 'links'))
    .update([kind, id, generation, channel, ...(by ? [by] : [])].join('\n'))
    .digest('base64url')

/**
 * `id.generation.signature`, or `id.generation.by.signature`. It can be made again at any time from the row, so nothing that opens a
 * door is stored. Each copier has a link of their own, which lives and dies by their right alone.
 */
export const signLink = (link: Link, key: Buffer): string =>
  [link.id, link.generation, ...(link.by ? [shortId(link.by)] : []), signature(link, key)].join('.')

/**
 * What a token says, when we signed it for this kind; null for everything else. Whether its generation is still the present
 * one is for the row to say. Signatures are compared as text: the last letter of base64 has bits that decoding drops.
 */
export function readLink(kind: LinkKind, token: string, key: Buffer): Link | null {
  const parts = token.split('.')
  const [id = '', generation = ''] = parts
  if (parts.length < 3 || parts.length > 4 || !isId(id) || !/^(0|[1-9]\d{0,8})$/.test(generation)) return null
  const by = parts.length === 4 ? readId(parts[2] ?? '') : undefined
  if (by === null) return null
  const text = Buffer.from(parts.at(-1) ?? '')
  let found: Link | null = null
  for (const channel of by ? (['copy'] as const) : channels) {
    const link: Link = { kind, id, generation: Number(generation), channel, ...(by && { by }) }
    const right = Buffer.from(signature(link, key))
    if (right.length === text.length && timingSafeEqual(right, text)) found = link
  }
  return found
}
