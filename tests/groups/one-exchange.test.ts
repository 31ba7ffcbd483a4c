import { beforeAll, expect, test } from 'vitest'
import { shortId } from '../../src/platform/ids.ts'
import { hiddenIn } from '../support/acts.ts'
import { organization } from '../support/world.ts'

/* With htmx a form of groups or roles is one exchange: the list with what was done, or the form with what is wrong. */

let world: Awaited<ReturnType<typeof organization>>
beforeAll(async () => {
  world = await organization()
})

const send = async (path: string, fields: Record<string, string>) => {
  const opened = await world.ana.swap.get(path)
  expect(opened.html).toContain('data-hx-target="#main"')
  return world.ana.swap.post(path, { ...hiddenIn(opened.html), ...fields })
}

test.each(['groups', 'roles'])('%s: made, changed by two, renamed and deleted, each in one exchange', async (kind) => {
  const list = `/o/${world.here.slug}/${kind}`
  const more: Record<string, string> = kind === 'roles' ? { description: '' } : {}
  const answers = async (said: string, answer: Awaited<ReturnType<typeof send>>) => {
    expect([answer.status, answer.headers.get('hx-replace-url'), answer.location]).toEqual([200, list, null])
    expect(answer.html).toMatch(/^<title>(Groups|Roles) – Rollcall<\/title><div class="list">/)
    expect(answer.html).toContain(`<template data-said="${said}">`)
  }

  const wrong = await send(`${kind}/new`, { name: ' ', ...more })
  expect([wrong.status, wrong.html]).toEqual([422, expect.stringContaining('id="errors"')])
  await answers('Marine was created.', await send(`${kind}/new`, { name: 'Marine', ...more }))

  const table = kind === 'groups' ? 'member_group' : 'custom_role'
  const { id } = await world.db
    .selectFrom(table)
    .select('id')
    .where('organization_id', '=', world.here.id)
    .where('name', '=', 'Marine')
    .executeTakeFirstOrThrow()
  const path = `${kind}/${shortId(id)}`
  const early = hiddenIn((await world.ana.get(path)).html)
  await answers('Marine &amp; cargo was saved.', await send(path, { name: 'Marine & cargo', ...more }))
  const late = await world.ana.swap.post(path, { ...early, name: 'Cargo', ...more })
  expect([late.status, late.headers.get('hx-replace-url')]).toEqual([409, null])
  expect(late.html).toContain('value="Cargo"')
  await answers('Marine &amp; cargo was deleted.', await send(`${path}/delete`, {}))
})
