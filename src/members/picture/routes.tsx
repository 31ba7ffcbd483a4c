import { Hono } from 'hono'
import { z } from 'zod'
import { RemovePicture } from '../../../views/members/picture.tsx'
import { removeAvatar } from '../../avatars/commands.ts'
import { isName } from '../../avatars/rules.ts'
import { actorOf, allow } from '../../platform/access/allow.ts'
import type { App } from '../../platform/web/app-context.ts'
import { causeOf } from '../../platform/web/cause.ts'
import { readForm } from '../../platform/web/form.ts'
import { deciding, done, insist, keepPlace, panelHref, personOf, showAct } from '../act.tsx'
import { mayRemovePicture } from '../rules.ts'

/** As of the page, so that a picture that they put there meanwhile isn't removed unseen. */
const asked = z.object({ picture: z.string().refine(isName) })

const screen = async (c: Parameters<typeof personOf>[0], status: 200 | 409 | 422 = 200) => {
  const person = await personOf(c, actorOf(c))
  insist(mayRemovePicture(actorOf(c), person))
  const { slug } = actorOf(c).organization
  return showAct(
    c,
    person,
    { title: 'Remove picture' },
    <RemovePicture person={person} slug={slug} action={c.req.path} back={panelHref(c, person.id)} status={status} />,
    status,
  )
}

export const picture = new Hono<App>()
  .get('/:id/picture', allow('members.edit'), keepPlace, (c) => screen(c))
  .post('/:id/picture', allow('members.edit'), async (c) => {
    const form = await readForm(c, asked)
    return deciding(c, async (actor) => {
      const person = await personOf(c, actor)
      insist(mayRemovePicture(actor, person))
      if (!form.input) return screen(c, 422)
      if (form.input.picture !== person.avatar) return screen(c, 409)
      await removeAvatar(c.var.db, causeOf(c), actor, person.id)
      return done(c, person.id, 'Picture removed.')
    })
  })
