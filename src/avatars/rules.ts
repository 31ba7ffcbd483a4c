/** How large a picture may be that somebody sends. */
export const mostBytes = 2 * 1024 * 1024
export const mostSide = 4096

/**
 * How many times a JPEG may go over its pixels. Pictures have at most about a dozen; decoding goes over all 16 million once for each,
 * which no timeout interrupts, and two megabytes hold 70,000 that say nothing.
 */
const mostScans = 100

/** Counted by the mark that begins one, which stands nowhere else but by chance. */
export function hasTooManyScans(jpeg: Buffer): boolean {
  let count = 0
  for (let at = jpeg.indexOf(scan); at >= 0 && count <= mostScans; at = jpeg.indexOf(scan, at + 2)) count++
  return count > mostScans
}
const scan = Buffer.from([0xff, 0xda])

/** What a PNG's picture is made of, its colors and which way up it is. A profile of colors is packed, and may unpack to a thousand times as much. */
const parts = new Map([
  ['IHDR', 25],
  ['PLTE', 1000],
  ['tRNS', 1000],
  ['gAMA', 100],
  ['cHRM', 100],
  ['sRGB', 100],
  ['iCCP', 16_384],
  ['eXIf', 65_536],
  ['IDAT', Number.POSITIVE_INFINITY],
  ['IEND', 100],
])

/**
 * A PNG without anything else: whoever decodes it unpacks every text in it to 8 MB first, and 2 MB of such texts took 2.5 GB. Of what may
 * be there once the first counts.
 */
export function pictureAlone(png: Buffer): Buffer {
  const kept = [png.subarray(0, 8)]
  const seen = new Set<string>()
  for (let at = 8; at + 8 <= png.byteLength; ) {
    const [size, name] = [png.readUInt32BE(at) + 12, png.toString('latin1', at + 4, at + 8)]
    if (size <= (parts.get(name) ?? 0) && (name === 'IDAT' || !seen.has(name))) kept.push(png.subarray(at, at + size))
    if (name === 'IEND') break
    seen.add(name)
    at += size
  }
  return Buffer.concat(kept)
}

/** The sizes that are kept, in pixels a side; each is twice what it stands in, for sharp screens, and the last is the whole. */
export const sizes = [64, 96, 192, 512] as const
export type Size = (typeof sizes)[number]

/** What a picture is addressed by: drawn at random, 128 bits. */
export const isName = (text: string): boolean => /^[\w-]{22}$/.test(text)

const kinds = { png: 'a PNG', jpeg: 'a JPEG', webp: 'a WebP' } as const
export type Kind = keyof typeof kinds

/** What a file is by its first bytes, whatever its name says; else what to call it. */
export function kindOf(bytes: Uint8Array): { kind: Kind } | { called: string } {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 512)).toString('latin1')
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return { kind: 'png' }
  if (text.startsWith('\xff\xd8\xff')) return { kind: 'jpeg' }
  if (/^RIFF[\s\S]{4}WEBP/.test(text)) return { kind: 'webp' }
  if (text.startsWith('GIF8')) return { called: 'a GIF' }
  if (/^[\s\S]{4}ftyp(avif|avis)/.test(text)) return { called: 'an AVIF picture' }
  if (/^[\s\S]{4}ftyp(he|mif1|msf1)/.test(text)) return { called: 'a HEIC picture' }
  if (text.startsWith('BM')) return { called: 'a BMP picture' }
  if (/^(II\*\0|MM\0\*)/.test(text)) return { called: 'a TIFF picture' }
  if (text.startsWith('%PDF')) return { called: 'a PDF' }
  if (/<svg[\s>]/i.test(text)) return { called: 'an SVG drawing' }
  if (/^\s*<(!doctype html|html|head|body|script)/i.test(text)) return { called: 'a web page' }
  return { called: 'something else' }
}

const figures = (count: number) => count.toLocaleString('en-US')

/** Why a picture isn't taken: sentences that say what to do. */
export const refusals = {
  none: 'Choose a picture first',
  many: (wait: string) =>
    `You have sent many pictures within an hour. Yours stays as it was: wait ${wait}, then choose one again`,
  kind: (called: string) => `Choose a PNG, JPEG or WebP picture. This file is ${called}, whatever its name says`,
  bytes: 'Choose a smaller picture: at most 2 MB',
  pixels: (width: number, height: number) =>
    `Choose a smaller picture: this one has ${figures(width)} × ${figures(height)} pixels, and at most ${figures(mostSide)} a side are taken`,
  moving: 'Choose a picture that doesn’t move: this one is an animation',
  broken: 'This picture is damaged or was cut off. Choose another one',
}
