import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { mostBytes } from '../../src/avatars/rules.ts'
import { actOn, hiddenIn } from '../support/acts.ts'
import type { Answer } from '../support/browser.ts'
import { addPerson, days, minutes, organization, signedIn } from '../support/world.ts'
import { manyScans, manyTexts, noise, packed, plain, pngSaying, sendBody, srcIn, upload } from './pictures.ts'

let world: Awaited<ReturnType<typeof organization>>
beforeEach(async () => {
  world = await organization()
})

const rowsOf = (person: { id: string }) =>
  world.db.selectFrom('avatar').selectAll().where('membership_id', '=', person.id).execute()
const eventsOf = (person: { id: string }) =>
  world.db
    .selectFrom('event')
    .select(['act', 'actor_id', 'changes'])
    .where('subject_id', '=', person.id)
    .where('act', 'like', 'membership.avatar%')
    .orderBy('id')
    .execute()
const errorIn = ({ html }: Answer) => /<a href="#avatar">([^<]*)</.exec(html)?.[1]

describe('a picture that somebody else removes', () => {
  const withPicture = async () => {
    await upload(world.mia, await plain(100, 100).png().toBuffer())
    return srcIn((await world.mia.get('profile')).html)
  }
  const at = (who = world.mia.person) => actOn(who, 'picture')

  test('Ana removes Mia’s, which she saw once more: initials stand there, and the log says who it was', async () => {
    const { ana, mia } = world
    const src = await withPicture()
    expect((await ana.get(`members/${mia.person.id}`)).html).toContain(at())
    const form = await ana.get(at())
    expect(form.html).toContain(src.replace(/\d+$/, '192'))
    expect((await ana.post(at(), hiddenIn(form.html))).status).toBe(303)
    expect([(await mia.get(src)).status, (await mia.get('profile')).html.includes('<img')]).toEqual([404, false])
    expect(await rowsOf(mia.person)).toEqual([])
    expect((await eventsOf(mia.person)).at(-1)).toMatchObject({
      act: 'membership.avatar_removed',
      actor_id: ana.person.accountId,
    })
    // There is nothing left to remove, and the panel offers it no longer.
    expect((await ana.post(at(), hiddenIn(form.html))).status).toBe(403)
    expect((await ana.get(`members/${mia.person.id}`)).html).not.toContain(at())
  })

  test('one that Mia chose meanwhile stays, and is shown', async () => {
    const { ana, mia } = world
    await withPicture()
    const form = await ana.get(at())
    const other = await withPicture()
    const answer = await ana.post(at(), hiddenIn(form.html))
    expect(answer.status).toBe(409)
    expect(answer.html).toContain(other.replace(/\d+$/, '192'))
    expect(await rowsOf(mia.person)).toHaveLength(1)
  })

  test('who may edit nobody’s details removes nobody’s', async () => {
    await withPicture()
    const max = await world.enter({ first: 'Max' })
    const managed = await world.enter({ first: 'Gil', group: world.here.defaultGroup })
    for (const who of [max, managed, world.stella])
      expect([403, 404]).toContain((await who.post(`/o/${world.here.slug}/${at()}`, { picture: 'x' })).status)
    expect(await rowsOf(world.mia.person)).toHaveLength(1)
  })
})

describe('more pictures than anybody needs', () => {
  test('thirty an hour are worked on; the next is refused beside its field, and the present one stays', async () => {
    const { mia, ana, clock, db } = world
    const kept = await plain(40, 40, '#00ff00').png().toBuffer()
    const broken = pngSaying(40, 40, Buffer.alloc(10))
    expect((await upload(mia, kept)).status).toBe(303)
    const src = srcIn((await mia.get('profile')).html)
    // What can’t be read counts too, also several at once, and in another organization; what isn’t read doesn’t.
    clock.pass(minutes(20))
    const there = await addPerson(db, world.elsewhere, clock.now, { accountId: mia.person.accountId ?? '' })
    const elsewhere = await signedIn(world, there, world.elsewhere)
    expect((await upload(elsewhere, broken)).status).toBe(422)
    expect((await upload(mia, Buffer.alloc(0))).status).toBe(422)
    for (let n = 0; n < 28; n++) expect([n, (await upload(mia, broken)).status]).toEqual([n, 422])
    const other = await plain(40, 40, '#ff0000').png().toBuffer()
    for (const [who, sent] of [
      [mia, broken],
      [elsewhere, other],
    ] as const) {
      const refused = await upload(who, sent)
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '2400'])
      expect(errorIn(refused)).toBe(
        'You have sent many pictures within an hour. Yours stays as it was: wait 40 minutes, then choose one again',
      )
      expect(refused.html).toContain('id="avatar-error"')
      expect(refused.title).toContain('Error')
    }
    expect(srcIn((await mia.get('profile')).html)).toBe(src)
    expect((await mia.get('profile/avatar')).html).toContain(src.replace(/\d+$/, '192'))
    // It is nobody else’s, and over an hour after the first.
    expect((await upload(ana, other)).status).toBe(303)
    clock.pass(minutes(40))
    expect((await upload(mia, other)).status).toBe(303)
    expect(srcIn((await mia.get('profile')).html)).not.toBe(src)
  })
})

describe('a picture of one’s own (R-35)', () => {
  test('Mia adds one: it stands in the bar and in the panel, in sizes for where it stands, and others see it too', async () => {
    const { mia, ana, here } = world
    expect((await mia.get('members/me')).html).not.toContain('<img')
    const answer = await upload(mia, await plain(900, 600).jpeg().toBuffer())
    expect([answer.status, answer.location]).toEqual([303, `/o/${here.slug}/profile`])
    const page = await mia.get('profile')
    expect(page.html.match(/<img/g)).toHaveLength(2)
    const panel = await ana.get(`members/${mia.person.id}`)
    const [big, small] = [srcIn(panel.html, '96'), srcIn(page.html, '64')]
    expect(big.replace('/96', '/64')).toBe(small)
    for (const [src, side] of [
      [small, 64],
      [big, 96],
      [big.replace('/96', '/192'), 192],
      [big.replace('/96', '/512'), 512],
    ] as const) {
      const picture = await ana.get(src)
      expect(picture.status).toBe(200)
      const { format, width, height } = await sharp(picture.bytes).metadata()
      expect([format, width, height]).toEqual(['webp', side, side])
    }
    expect(await eventsOf(mia.person)).toEqual([
      { act: 'membership.avatar_changed', actor_id: mia.person.accountId, changes: {} },
    ])
  })

  test('it is served as nothing but a picture, kept for a day by one session, and nothing of its page’s policy', async () => {
    const { mia } = world
    await upload(mia, await plain(100, 100).png().toBuffer())
    const { headers, bytes } = await mia.get(srcIn((await mia.get('profile')).html))
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'image/webp',
      'content-length': String(bytes.length),
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'cache-control': 'private, max-age=86400, immutable',
      vary: 'Cookie',
      'cross-origin-resource-policy': 'same-origin',
    })
  })

  test('a new one has a new address and the old one is gone; removed, initials stand there again', async () => {
    const { mia } = world
    await upload(mia, await plain(100, 100, '#ff0000').png().toBuffer())
    const first = srcIn((await mia.get('profile')).html)
    await upload(mia, await plain(100, 100, '#0000ff').webp({ lossless: true }).toBuffer(), 'x.webp', 'image/webp')
    const second = srcIn((await mia.get('profile')).html)
    expect(second).not.toBe(first)
    expect((await mia.get(first)).status).toBe(404)
    const { data } = await sharp((await mia.get(second)).bytes)
      .raw()
      .toBuffer({ resolveWithObject: true })
    expect((data[2] ?? 0) > 200 && (data[0] ?? 255) < 50).toBe(true)
    expect(await rowsOf(mia.person)).toHaveLength(1)

    const page = await mia.get('profile/avatar')
    expect(page.html).toContain('Remove picture')
    expect((await mia.post('profile/avatar/remove', { remove: 'on' })).status).toBe(303)
    expect((await mia.get('members/me')).html).not.toContain('<img')
    expect((await mia.get(second)).status).toBe(404)
    expect(await rowsOf(mia.person)).toEqual([])
    // Nothing is left to remove, and so nothing is told.
    expect((await mia.post('profile/avatar/remove', { remove: 'on' })).status).toBe(303)
    expect((await eventsOf(mia.person)).map(({ act }) => act)).toEqual([
      'membership.avatar_changed',
      'membership.avatar_changed',
      'membership.avatar_removed',
    ])
  })

  test('a phone’s photo is turned as it was held, and where and with what it was taken is gone', async () => {
    const { mia } = world
    // Red above blue, as the eye saw it; stored on its side.
    const seen = await plain(200, 400, '#ff0000')
      .composite([{ input: await plain(200, 200, '#0000ff').png().toBuffer(), top: 200, left: 0 }])
      .png()
      .toBuffer()
    const photo = await sharp(await sharp(seen).rotate(-90).png().toBuffer())
      .jpeg({ quality: 95 })
      .withExif({
        IFD0: { Make: 'Secretphone', Orientation: '6', Copyright: 'Secretname' },
        IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '52/1 22/1 0/1', GPSLongitudeRef: 'E', GPSLongitude: '4/1 53/1 0/1' },
      })
      .withMetadata({ orientation: 6 })
      .toBuffer()
    expect((await sharp(photo).metadata()).orientation).toBe(6)
    expect(photo.includes('Exif')).toBe(true)
    await upload(mia, photo, 'IMG_0001.JPG', 'image/jpeg')
    for (const size of ['64', '512']) {
      const src = srcIn((await mia.get('profile')).html).replace(/\d+$/, size)
      const { bytes } = await mia.get(src)
      const { exif, xmp, icc, orientation } = await sharp(bytes).metadata()
      expect([exif, xmp, icc, orientation]).toEqual([undefined, undefined, undefined, undefined])
      expect(/Exif|Secret|GPS/.test(bytes.toString('latin1'))).toBe(false)
      const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true })
      const last = data.length - info.channels
      expect([(data[0] ?? 0) > 180, (data[last + 2] ?? 0) > 180]).toEqual([true, true])
    }
  })

  test('the most that is taken: 4,096 pixels a side and 2 MB to the byte; and whatever it shows, it stays light', async () => {
    const { mia } = world
    const wide = await plain(4096, 10).png().toBuffer()
    expect((await upload(mia, wide)).status).toBe(303)
    const loud = await noise(800).png().toBuffer()
    const full = Buffer.concat([loud, Buffer.alloc(mostBytes - loud.byteLength)])
    expect([full.byteLength, (await upload(mia, full)).status]).toEqual([mostBytes, 303])
    const [row] = await rowsOf(mia.person)
    expect(row?.px_512.byteLength).toBeLessThanOrEqual(40_000)
    expect(row?.px_96.byteLength).toBeLessThanOrEqual(8_000)
    const tiny = await plain(1, 1).webp().toBuffer()
    expect((await upload(mia, tiny)).status).toBe(303)
  })

  test('one with texts packed into it takes no memory for them', async () => {
    const { mia } = world
    const picture = manyTexts(await plain(60, 60).png().toBuffer(), 240)
    expect(picture.byteLength).toBeLessThan(mostBytes)
    await upload(mia, await plain(60, 60).png().toBuffer())
    const most = process.resourceUsage().maxRSS
    expect((await upload(mia, picture)).status).toBe(303)
    // In kB; unpacked they are 1.9 GB.
    expect(process.resourceUsage().maxRSS - most).toBeLessThan(200_000)
  })

  test('one that comes in as many steps as any camera makes', async () => {
    const { mia } = world
    expect((await upload(mia, manyScans(20))).status).toBe(303)
    expect((await upload(mia, await noise(700).jpeg({ progressive: true }).toBuffer())).status).toBe(303)
  })

  test('what hides behind a picture doesn’t come along', async () => {
    const { mia } = world
    const script = '<script>alert(1)</script>'
    const jpeg = await plain(60, 60).jpeg().toBuffer()
    const png = await plain(60, 60)
      .png()
      .withExif({ IFD0: { ImageDescription: script } })
      .toBuffer()
    for (const polyglot of [Buffer.concat([jpeg, Buffer.from(`${script}PK\x03\x04<?php`)]), png]) {
      expect(polyglot.includes(script)).toBe(true)
      expect((await upload(mia, polyglot, 'x.html', 'text/html')).status).toBe(303)
      const [row] = await rowsOf(mia.person)
      for (const size of [64, 96, 192, 512] as const) expect(row?.[`px_${size}`].includes('script')).toBe(false)
    }
  })
})

describe('what is no picture is refused with a sentence, and nothing is kept', () => {
  let jpeg: Buffer
  beforeAll(async () => {
    jpeg = await noise(300).jpeg().toBuffer()
  })
  const svg = '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script/></svg>'
  const animation = async (format: 'gif' | 'webp') =>
    sharp(await Promise.all(['#f00', '#0f0'].map((color) => plain(40, 40, color).png().toBuffer())), {
      join: { animated: true },
    })
      [format]()
      .toBuffer()
  const cases: Record<string, { file: () => Buffer | Promise<Buffer>; says: RegExp }> = {
    'an SVG renamed .png': {
      file: () => Buffer.from(svg),
      says: /This file is an SVG drawing, whatever its name says/,
    },
    'a web page renamed .png': { file: () => Buffer.from('<!DOCTYPE html><html>'), says: /is a web page/ },
    'a PNG’s first bytes, then a web page': {
      file: () => Buffer.from('\x89PNG\r\n\x1a\n<html><script>alert(1)</script>', 'latin1'),
      says: /damaged/,
    },
    'a JPEG’s first bytes, then an SVG': {
      file: () => Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.from(svg)]),
      says: /damaged/,
    },
    'a GIF that moves': { file: () => animation('gif'), says: /is a GIF/ },
    'a WebP that moves': { file: () => animation('webp'), says: /is an animation/ },
    'a flood of pixels in a few bytes': { file: () => pngSaying(30_000, 30_000), says: /30,000 × 30,000 pixels/ },
    'a flood of pixels in 1 MB': {
      file: () => Buffer.concat([pngSaying(30_000, 30_000), Buffer.alloc(1_000_000)]),
      says: /at most 4,096 a side/,
    },
    '40 megapixels': { file: () => plain(8000, 5000).jpeg().toBuffer(), says: /8,000 × 5,000 pixels/ },
    'a pixel too wide': { file: () => plain(4097, 1).png().toBuffer(), says: /4,097 × 1/ },
    // 2 MB of it are three minutes of a thread, which no timeout ends.
    'one that goes over its pixels again and again': { file: () => manyScans(500), says: /damaged/ },
    'one that was cut off': { file: () => jpeg.subarray(0, jpeg.length / 2), says: /damaged or was cut off/ },
    'a header alone': { file: () => jpeg.subarray(0, 40), says: /damaged/ },
    'a header that promises more than comes': { file: () => pngSaying(500, 500), says: /damaged/ },
    'an iPhone’s HEIC': { file: () => Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic'), says: /a HEIC picture/ },
    'a TIFF': { file: () => plain(10, 10).tiff().toBuffer(), says: /TIFF/ },
    words: { file: () => Buffer.from('nothing'), says: /something else/ },
  }
  test.each(Object.entries(cases))(
    '%s',
    async (_, { file, says }) => {
      const { mia } = world
      // A folder that nothing else beside this test writes to.
      const [usual, folder] = [process.env.TMPDIR, mkdtempSync(join(tmpdir(), 'rollcall-picture-'))]
      process.env.TMPDIR = folder
      const answer = await upload(mia, await file()).finally(() => {
        if (usual === undefined) delete process.env.TMPDIR
        else process.env.TMPDIR = usual
      })
      expect([answer.status, errorIn(answer)]).toEqual([422, expect.stringMatching(says)])
      expect(answer.html).toContain('id="avatar-error"')
      expect(await rowsOf(mia.person)).toEqual([])
      expect(await eventsOf(mia.person)).toEqual([])
      expect((await mia.get('members/me')).html).not.toContain('<img')
      expect(readdirSync(folder)).toEqual([])
      rmSync(folder, { recursive: true })
    },
    30_000,
  )

  // As a browser sends it.
  const nothingChosen =
    '--x\r\nContent-Disposition: form-data; name="avatar"; filename=""\r\nContent-Type: application/octet-stream\r\n\r\n\r\n--x--\r\n'
  test('no file at all, and an empty one', async () => {
    const { mia } = world
    const answers = [
      await upload(mia, Buffer.alloc(0)),
      await sendBody(mia, new TextEncoder().encode(nothingChosen), 'multipart/form-data; boundary=x'),
    ]
    expect(answers.map((answer) => [answer.status, errorIn(answer)])).toEqual(
      answers.map(() => [422, 'Choose a picture first']),
    )
  })

  test('2 MB and one byte, or an endless one, by 413 with the same sentence, and the connection closes (R-33)', async () => {
    const { mia } = world
    const large = Buffer.concat([jpeg, Buffer.alloc(mostBytes + 1 - jpeg.byteLength)])
    let sent = 0
    const endless = new ReadableStream({
      pull(controller) {
        sent += 65_536
        controller.enqueue(new Uint8Array(65_536))
      },
    })
    const { body, type } = await packed(['avatar', new Blob([new Uint8Array(large)])])
    const answers = [
      await upload(mia, large),
      await sendBody(mia, new Blob([body]).stream(), type),
      await sendBody(mia, endless, type),
      await upload(mia, Buffer.alloc(20_000_000)),
      // A length that lies is counted too.
      await sendBody(mia, new Blob([body]).stream(), type, { 'Content-Length': '10' }),
    ]
    for (const answer of answers)
      expect([answer.status, errorIn(answer), answer.headers.get('connection')]).toEqual([
        413,
        'Choose a smaller picture: at most 2 MB',
        'close',
      ])
    expect(sent).toBeLessThan(mostBytes + 200_000)
    expect(await rowsOf(mia.person)).toEqual([])
  })

  test('chunked, without a length, a good one is taken', async () => {
    const { body, type } = await packed(['avatar', new Blob([new Uint8Array(jpeg)])])
    expect((await sendBody(world.mia, new Blob([body]).stream(), type)).status).toBe(303)
  })

  test('forms that no page of ours makes', async () => {
    const { mia, ana } = world
    const file = new Blob([new Uint8Array(jpeg)])
    for (const entries of [
      [
        ['avatar', file],
        ['avatar', file],
      ],
      [
        ['avatar', file],
        ['membership', ana.person.id],
      ],
      [['photo', file]],
      [['avatar', 'text']],
      Array.from({ length: 2000 }, (_, n) => [`f${n}`, '']),
    ] as [string, Blob | string][][]) {
      const { body, type } = await packed(...entries)
      expect((await sendBody(mia, body, type)).status).toBe(400)
    }
    const { body, type } = await packed(['avatar', file])
    for (const broken of [body.slice(0, body.length - 20), body.slice(10), new Uint8Array(0)])
      expect([broken.length, (await sendBody(mia, broken, type)).status >= 400]).toEqual([broken.length, true])
    expect((await sendBody(mia, body, 'multipart/form-data')).status).toBe(415)
    expect((await sendBody(mia, body, 'multipart/form-data; boundary=other')).status).toBe(400)
    expect((await mia.post('profile/avatar', { avatar: 'x' })).status).toBe(415)
    // Only this route takes files.
    expect(
      (await mia.send('POST', 'profile', { body, headers: { 'Content-Type': type, 'Sec-Fetch-Site': 'same-origin' } }))
        .status,
    ).toBe(415)
    expect((await sendBody(mia, body, type, { 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403)
    expect(await rowsOf(mia.person)).toEqual([])
  })

  test('one of thousands of empty files keeps nobody else waiting', async () => {
    const { mia } = world
    const part = '--x\r\nContent-Disposition: form-data; name="avatar"; filename="a"\r\n\r\n\r\n'
    const body = new TextEncoder().encode(`${part.repeat(Math.floor(mostBytes / part.length))}--x--\r\n`)
    const send = (bytes: Uint8Array<ArrayBuffer>) => sendBody(mia, bytes, 'multipart/form-data; boundary=x')
    // The web server puts a Response of its own in the place of the global one, whose methods can't be spied upon.
    const takenApart = vi.fn()
    vi.stubGlobal(
      'Response',
      new Proxy(Response, {
        construct(target, args) {
          const made = Reflect.construct(target, args)
          const formData = () => {
            takenApart()
            return target.prototype.formData.call(made)
          }
          return Object.defineProperty(made, 'formData', { value: formData })
        },
      }),
    )
    try {
      expect((await send(new TextEncoder().encode(`${part}--x--\r\n`))).status).toBe(422)
      expect(takenApart).toHaveBeenCalledTimes(1)
      // Taken apart they are a second of work, in which a process does nothing else.
      expect((await send(body)).status).toBe(400)
      expect(takenApart).toHaveBeenCalledTimes(1)
    } finally {
      vi.unstubAllGlobals()
    }
  })

  test.each(['../../etc/passwd', 'a\u0000b.png', '"><script>.png', '💾'.repeat(200), '\u202egnp.exe', "';--"])(
    'a file called %j is a picture if it is one',
    async (name) => {
      expect((await upload(world.mia, jpeg, name)).status).toBe(303)
      expect((await world.mia.get('profile')).html).not.toContain('<script>')
    },
  )
})

describe('whose it is, and who sees it', () => {
  test('members of the organization and nobody else: not another one’s Admin, not somebody removed, not a stranger', async () => {
    const { mia, ian, stella, stranger, db, clock, here, elsewhere } = world
    // Ian goes on elsewhere, so that he stays signed in.
    await addPerson(db, elsewhere, clock.now, { first: 'Ian', accountId: ian.person.accountId ?? '' })
    await upload(mia, await plain(100, 100).png().toBuffer())
    const src = srcIn((await mia.get('profile')).html)
    expect((await ian.get(src)).status).toBe(200)
    expect((await stella.get(src)).status).toBe(404)
    expect((await stella.get(src.replace(here.slug, elsewhere.slug))).status).toBe(404)
    expect((await stella.get(src.replace(here.slug, 'no-such-organization'))).status).toBe(404)
    const asked = await stranger.get(src, { headers: { 'Sec-Fetch-Dest': 'image' } })
    expect([asked.status, asked.location]).toEqual([303, '/sign-in'])
    // After signing in one isn't led to a picture.
    expect(asked.headers.getSetCookie()).toEqual([])
    for (const wrong of ['/65', '/', '/64/', '/064', '/512.webp', '/constructor'])
      expect([301, 404]).toContain((await mia.get(src.replace(/\/\d+$/, wrong))).status)
    expect((await mia.get(src.replace(/[\w-]{22}/, 'A'.repeat(22)))).status).toBe(404)

    await db
      .updateTable('membership')
      .set({ suspended_at: world.clock.now, status: 'suspended' })
      .where('id', '=', ian.person.id)
      .execute()
    expect((await ian.get(src)).status).toBe(403)
    await db
      .updateTable('membership')
      .set({ removed_at: world.clock.now, status: 'removed' })
      .where('id', '=', ian.person.id)
      .execute()
    expect((await ian.get(src)).status).toBe(404)
    expect((await upload(ian, await plain(9, 9).png().toBuffer())).status).toBe(404)
    world.clock.pass(days(2))
    expect((await mia.get(src)).status).toBe(303)
  })

  test('in each organization it is another one', async () => {
    const { mia, services, app, db, clock, log } = world
    const other = await addPerson(db, world.elsewhere, clock.now, {
      first: 'Mia',
      accountId: mia.person.accountId ?? '',
    })
    await upload(mia, await plain(100, 100).png().toBuffer())
    const there = await signedIn({ app, services, clock, log, db }, other, world.elsewhere)
    expect((await there.get('profile')).html).not.toContain('<img')
    expect((await mia.get('profile')).html).toContain('<img')
  })

  test('whoever edits their phone meanwhile has no quarrel with it, and is told of real changes alone', async () => {
    const { ana, mia } = world
    const fields = {
      first_name: 'Mia',
      last_name: 'Member',
      title: '',
      cell_phone: '1',
      office_phone: '',
      extension: '',
    }
    const hidden = hiddenIn((await ana.get(actOn(mia.person, 'edit'))).html)
    await upload(mia, await plain(100, 100).png().toBuffer())
    expect((await ana.post(actOn(mia.person, 'edit'), { ...fields, ...hidden })).status).toBe(303)
    await upload(mia, await plain(100, 100).png().toBuffer())
    const late = await ana.post(actOn(mia.person, 'edit'), { ...fields, ...hidden, title: 'X' })
    expect([late.status, late.text.includes('Details changed (cell phone)')]).toEqual([409, true])
    expect(late.text).not.toContain('Picture changed')
  })

  test('of many pictures that one person sends at once two are worked on, and the others are told to wait', async () => {
    const { mia, ian } = world
    const slow = await noise(600).png().toBuffer()
    const answers = await Promise.all([...Array.from({ length: 6 }, () => upload(mia, slow)), upload(ian, slow)])
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 429).length).toBe(4)
    expect(statuses.at(-1)).toBe(303)
    expect(answers.find(({ status }) => status === 429)?.headers.get('retry-after')).toBe('5')
    expect(await rowsOf(mia.person)).toHaveLength(1)
    expect((await upload(mia, slow)).status).toBe(303)
  })
})
