import { createHmac, timingSafeEqual } from 'node:crypto'
import { derive } from './database/key.ts'
import { isId } from './ids.ts'

/** What a link is for; the same id and generation sign differently for each. */
export type LinkKind = 'reset' | 'invitation' | 'email'

/** How it reached the person. Only a mailed link proves that the address is theirs (data-model.md). */
export type Channel = 'mail' | 'copy'

export type Link = { kind: LinkKind; id: string; generation: number; channel: Channel }

const channels: Channel[] = ['mail', 'copy']

const signature = ({ kind, id, generation, channel }: Link, key: Buffer): string =>
  createHmac('sha256', derive(key, 'links')).update([kind, id, generation, channel].join('\n')).digest('base64url')

/** `id.generation.signature`. It can be made again at any time from the row, so nothing that opens a door is stored. */
export const signLink = (link: Link, key: Buffer): string => `${link.id}.${link.generation}.${signature(link, key)}`

/**
 * What a token says, when we signed it for this kind; null for everything else. Whether its generation is still the present
 * one is for the row to say. Signatures are compared as text: the last letter of base64 has bits that decoding drops.
 */
export function readLink(kind: LinkKind, token: string, key: Buffer): Link | null {
  const [id = '', generation = '', given = '', rest] = token.split('.')
  if (rest !== undefined || !isId(id) || !/^(0|[1-9]\d{0,8})$/.test(generation)) return null
  const text = Buffer.from(given)
  let found: Link | null = null
  for (const channel of channels) {
    const link: Link = { kind, id, generation: Number(generation), channel }
    const right = Buffer.from(signature(link, key))
    if (right.length === text.length && timingSafeEqual(right, text)) found = link
  }
  return found
}
