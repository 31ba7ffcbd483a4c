import { randomBytes } from 'node:crypto'
import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'
import type { Browser } from '../support/browser.ts'

/** A picture of one color, in any format. */
export const plain = (width: number, height: number, background = '#c04040') =>
  sharp({ create: { width, height, channels: 3, background } })

/** A picture that no encoder can make small. */
export const noise = (side: number) =>
  sharp(randomBytes(side * side * 3), { raw: { width: side, height: side, channels: 3 } })

const chunk = (type: string, data: Buffer) => {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}

/** A PNG of zeros whose header says so many pixels, whatever its data holds. */
export function pngSaying(width: number, height: number, data = Buffer.alloc(1000)): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = 8
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(data, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** A PNG with so many texts in it, each of 8 million letters that take 8 kB. */
export function manyTexts(png: Buffer, count: number): Buffer {
  const text = chunk(
    'zTXt',
    Buffer.concat([Buffer.from('a\0\0'), deflateSync(Buffer.alloc(7_900_000, 'a'), { level: 9 })]),
  )
  // Behind its header.
  return Buffer.concat([png.subarray(0, 33), ...Array<Buffer>(count).fill(text), png.subarray(33)])
}

/** A body as a browser sends it for a form with these entries. */
export async function packed(...entries: [name: string, value: Blob | string, as?: string][]) {
  const form = new FormData()
  for (const [name, value, as] of entries)
    typeof value === 'string' ? form.append(name, value) : form.append(name, value, as ?? 'me.png')
  const made = new Response(form)
  return { body: new Uint8Array(await made.arrayBuffer()), type: made.headers.get('content-type') ?? '' }
}

export const sendBody = (
  browser: Browser,
  body: Uint8Array<ArrayBuffer> | ReadableStream,
  type: string,
  headers: Record<string, string> = {},
) =>
  browser.send('POST', 'profile/avatar', {
    body,
    headers: { 'Content-Type': type, 'Sec-Fetch-Site': 'same-origin', ...headers },
  })

/** Chooses a file on the page of the picture and presses the button. */
export async function upload(browser: Browser, bytes: Buffer, as = 'me.png', said = 'image/png') {
  const { body, type } = await packed(['avatar', new Blob([new Uint8Array(bytes)], { type: said }), as])
  return sendBody(browser, body, type, { 'Content-Length': String(body.byteLength) })
}

/** The address of a picture on a page. */
export const srcIn = (html: string, size = '\\d+'): string =>
  new RegExp(`<img[^>]* src="(/o/[^"]+/avatars/[\\w-]{22}/${size})"`).exec(html)?.[1] ?? ''

/** A JPEG of 4,096 × 4,096 gray pixels that says so many times that nothing is to be added to them: 37 bytes each, and all pixels to go over. */
export function manyScans(scans: number, side = 4096): Buffer {
  const two = (count: number) => Buffer.from([count >> 8, count & 255])
  const part = (mark: number, ...data: number[]) =>
    Buffer.concat([Buffer.from([0xff, mark]), two(data.length + 2), Buffer.from(data)])
  const blocks = (side / 8) ** 2
  // One code, 0, for a run of 16,384 blocks and as many more as its 14 bits say.
  const runs = Array.from({ length: Math.floor(blocks / 16_384) }, () => '0'.repeat(15)).join('')
  const bits = runs.padEnd(Math.ceil(runs.length / 8) * 8, '1').match(/.{8}/g) ?? []
  const nothing = Buffer.concat([
    part(0xda, 1, 1, 0, 1, 63, 0),
    Buffer.from(bits.map((one) => Number.parseInt(one, 2))),
  ])
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    part(0xdb, 0, ...Array(64).fill(1)),
    part(0xc2, 8, ...two(side), ...two(side), 1, 1, 0x11, 0),
    part(0xc4, 0x00, 1, ...Array(15).fill(0), 0),
    part(0xc4, 0x10, 1, ...Array(15).fill(0), 0xe0),
    part(0xda, 1, 1, 0, 0, 0, 0),
    Buffer.alloc(blocks / 8),
    ...Array<Buffer>(scans).fill(nothing),
    Buffer.from([0xff, 0xd9]),
  ])
}
