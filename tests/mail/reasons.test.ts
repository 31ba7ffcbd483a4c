import { sql } from 'kysely'
import { afterEach, expect, test } from 'vitest'
import { emailKey } from '../../src/platform/fold.ts'
import { newId } from '../../src/platform/ids.ts'
import { days, hours, minutes } from '../support/world.ts'
import { mailServer } from './mail-server.ts'
import { mailing } from './working.ts'

const open: { end?: () => Promise<void>; close?: () => Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await (one.end ?? one.close)?.call(one)
})
const start = async (...manner: Parameters<typeof mailServer>) => {
  const server = await mailServer(...manner)
  const world = await mailing()
  open.push(world, server)
  const { db, here, ana, add, clock } = world
  return {
    ...world,
    server,
    /** An invitation that Ana sent, as the inviting acts write it. */
    async invite(email: string, more: Record<string, unknown> = {}) {
      const person = await add({ invited: true, email, first: 'Ida', last: 'Invited' })
      const id = newId()
      await db
        .insertInto('invitation')
        .values({
          id,
          organization_id: here.id,
          membership_id: person.id,
          email,
          email_key: emailKey(email),
          first_name: 'Ida',
          last_name: 'Invited',
          organization_role: 'member',
          message: 'Welcome aboard,\nplease join.',
          status: 'pending_activation',
          generation: 3,
          expires_at: new Date(clock.now.getTime() + days(7)),
          invited_by: ana.person.id,
          sender_name: 'Ana Admin',
          created_at: clock.now,
          ...more,
        })
        .execute()
      return id
    },
  }
}
const settled = (rows: { state: string }[]) => rows.length > 0 && rows.every(({ state }) => state !== 'waiting')

test('an invitation tells who asks for what, with a link of its own that stands nowhere else', async () => {
  const { invite, write, work, until, server, db, here, log } = await start()
  const id = await invite('ida@example.org')
  await write({ template: 'invitation', to: 'ida@example.org', invitationId: id, generation: 3 })
  await work(server.url)
  await until(settled)
  const [got] = server.got
  expect(got?.text).toContain(`Ana Admin invites you to ${here.name}, as Member.`)
  expect(got?.text).toContain('> Welcome aboard,')
  const [link = '', token = ''] = /http:\/\/localhost:3000\/join\/(\S+)/.exec(got?.text ?? '') ?? []
  expect(link).not.toBe('')
  expect(got?.html).toContain(`href="${link}"`)
  expect(got?.headers).toContain('To: Ida Invited <ida@example.org>')
  for (const word of ['Ida', 'Ana', 'Harbor', 'aboard']) expect(got?.subject).not.toContain(word)
  expect(got?.html).not.toMatch(/src=|url\(/)
  const signature = token.split('.').at(-1) ?? ''
  expect(signature.length).toBeGreaterThan(20)
  const { rows } = await sql<{ all: string }>`select query_to_xml('select * from mail', true, false, '')::text
    || query_to_xml('select * from mail_answer', true, false, '')::text
    || query_to_xml('select id, data, output from pgboss.job', true, false, '')::text
    || query_to_xml('select * from event', true, false, '')::text as all`.execute(db)
  expect(rows[0]?.all).toContain(id)
  expect(rows[0]?.all).not.toContain(signature)
  expect(JSON.stringify(log)).not.toContain(signature)
})

test('a link that a server quotes while it refuses is not kept', async () => {
  let quoted = ''
  const { invite, write, work, until, server } = await start()
  const id = await invite('ida@example.org')
  await write({ template: 'invitation', to: 'ida@example.org', invitationId: id, generation: 3 })
  await work(server.url)
  await until(settled)
  quoted = /\/join\/(\S+)/.exec(server.got[0]?.text ?? '')?.[1] ?? ''
  server.behave(() => ({ code: 554, says: `Bad link http://localhost:3000/join/${quoted} found`, at: 'data' }))
  await write({ template: 'invitation', to: 'ida@example.org', invitationId: id, generation: 3 })
  const rows = await until((rows) => rows.length === 3 && rows.every(({ state }) => state !== 'waiting'))
  expect(rows[1]).toMatchObject({ state: 'failed', answer: '554 Bad link http://localhost:3000/join/… found' })
})

test('an invitation that was refused is told to whoever sent it, and a letter about that is told to nobody', async () => {
  const { invite, write, work, until, server, ana } = await start(() => ({ code: 550, says: 'No such user' }))
  const id = await invite('ida@example.org')
  await write({ template: 'invitation', to: 'ida@example.org', invitationId: id, generation: 3 })
  await work(server.url)
  const rows = await until((rows) => rows.length === 2 && rows.every(({ state }) => state === 'failed'))
  expect(rows.map(({ template, to }) => [template, to])).toEqual([
    ['invitation', 'ida@example.org'],
    ['mail_failed', ana.person.email],
  ])
  await new Promise((resolve) => setTimeout(resolve, 700))
  expect(await until((rows) => rows.length === 2)).toHaveLength(2)
})

test('an invitation whose link is over before it was sent isn’t sent', async () => {
  const { invite, write, work, until, server, clock } = await start()
  const invitation = (invitationId: string, generation: number, template: 'invitation' | 'invitation_reminder') => ({
    ...{ template, invitationId, generation },
    to: 'ida@example.org',
  })
  const revoked = await invite('a@example.org', { status: 'revoked' })
  const expired = await invite('b@example.org', { expires_at: clock.now })
  const resent = await invite('c@example.org', { generation: 4 })
  const good = await invite('d@example.org')
  const decided = await invite('e@example.org')
  await write(
    invitation(revoked, 3, 'invitation'),
    invitation(expired, 3, 'invitation'),
    invitation(resent, 3, 'invitation_reminder'),
    invitation(good, 3, 'invitation_reminder'),
    { template: 'approval_asked', invitationId: decided },
  )
  await work(server.url)
  const rows = await until(settled)
  expect(rows.map(({ state }) => state)).toEqual(['canceled', 'canceled', 'canceled', 'sent', 'canceled'])
  expect(server.got).toHaveLength(1)
})

test('a reset link goes out only while it is the present one; old news never', async () => {
  const { db, write, work, until, server, clock, add, mia } = await start()
  const account_id = mia.person.accountId ?? ''
  const reset = (generation: number) => ({ template: 'reset_link' as const, data: { account_id }, generation })
  await db
    .updateTable('account')
    .set({ reset_generation: 2, reset_expires_at: new Date(clock.now.getTime() + minutes(30)) })
    .where('id', '=', account_id)
    .execute()
  const nobody = await add({ invited: true })
  await write(reset(1), reset(2), { template: 'account_blocked', data: { account_id } })
  await write({ template: 'membership_suspended', data: { membership_id: nobody.id } })
  await db
    .updateTable('mail')
    .set({ created_at: new Date(clock.now.getTime() - days(8)) })
    .where('template', '=', 'membership_suspended')
    .execute()
  await work(server.url)
  const rows = await until(settled)
  expect(
    Object.fromEntries(
      rows.map(({ template, state, id }) => [`${template} ${rows.findIndex((row) => row.id === id)}`, state]),
    ),
  ).toEqual({
    'membership_suspended 0': 'canceled',
    'reset_link 1': 'canceled',
    'reset_link 2': 'sent',
    'account_blocked 3': 'canceled',
  })
  expect(server.got[0]?.text).toMatch(/\/reset-password\/\S+/)
})

test('every kind of letter has its text, in both forms, with nothing missing in it', async () => {
  const { invite, write, work, until, server, clock, db, mia, here } = await start()
  const { templates } = await import('../../src/platform/mail/outbox.ts')
  const account_id = mia.person.accountId ?? ''
  const invitationId = await invite('ida@example.org', { reason: 'Because.' })
  const waiting = await invite('pen@example.org', { status: 'pending_approval' })
  const later = new Date(clock.now.getTime() + hours(1))
  const ends_on = clock.now.toISOString().slice(0, 10)
  await db.updateTable('membership').set({ ends_on }).where('id', '=', mia.person.id).execute()
  await db
    .updateTable('account')
    .set({
      ...{ blocked_at: clock.now, reset_generation: 3, reset_expires_at: later, email_generation: 3 },
      ...{ new_email: 'new@example.org', new_email_key: 'new@example.org', new_email_expires_at: later },
      new_email_version: 1,
    })
    .where('id', '=', account_id)
    .execute()
  const from = '2027-01-01'
  await db.updateTable('organization').set({ two_factor_from: from }).where('id', '=', here.id).execute()
  const exempt = { organization_id: here.id, membership_id: mia.person.id, until: '2026-12-20', reason: 'A phone' }
  await db
    .insertInto('two_factor_exemption')
    .values({ ...exempt, given_at: clock.now })
    .execute()
  for (const template of templates)
    await write({
      template,
      // One mailbox takes ten an hour.
      to: template === 'email_confirmation' ? 'new@example.org' : `${template}@example.org`,
      data: {
        account_id,
        membership_id: mia.person.id,
        membership_ids: [mia.person.id],
        from,
        ...(template === 'membership_ending' && { ends_on }),
      },
      invitationId: template === 'approval_asked' ? waiting : invitationId,
      generation: 3,
    })
  await work(server.url)
  const rows = await until(settled)
  expect(rows.filter(({ state }) => state !== 'sent')).toEqual([])
  expect(server.got).toHaveLength(templates.length)
  for (const { text, html, subject } of server.got) {
    expect(subject).toMatch(/^[A-Z][\w’ -]{10,60}$/)
    for (const form of [text, html]) expect(form).not.toMatch(/undefined|null|NaN|\[object/)
    expect(html).toMatch(/^<!DOCTYPE html><html lang="en">/)
    expect(text.length).toBeLessThan(1500)
    for (const [link] of text.matchAll(/https?:\S+/g)) expect(link).toMatch(/^http:\/\/localhost:3000\//)
  }
})

test('what people typed stays text in a letter', async () => {
  const { invite, write, work, until, server } = await start()
  const message = '<img src=x onerror=alert(1)> & "quotes"\n.\nQUIT'
  const id = await invite('ida@example.org', {
    message,
    first_name: '=?utf-8?q?Eve?= "x" <e@example.org>,',
    last_name: 'B\u202e',
  })
  await write({ template: 'invitation', to: 'ida@example.org', invitationId: id, generation: 3 })
  await work(server.url)
  await until(settled)
  const [got] = server.got
  expect(server.got).toHaveLength(1)
  expect(got?.to).toBe('ida@example.org')
  expect(got?.html).toContain('&lt;img src=x onerror=alert(1)&gt; &amp; &quot;quotes&quot;')
  expect(got?.text).toContain('> QUIT')
  expect(got?.headers).not.toMatch(/^(Bcc|Cc):/m)
})
