import type { Context, MiddlewareHandler } from 'hono'
import type { App } from '../web/app-context.ts'
import { SignInFirst } from '../web/failures.ts'
import { readBody } from '../web/form.ts'

/** How long it lasts that somebody has shown that it is they, in ms. */
const confirmedFor = 10 * 60_000

/** What somebody proves with that it is they: fields that stand beside those of the form that is done by it. */
export type Proof = { password: string; code: string }
export const proofFields = { password: 'confirm_password', code: 'confirm_code' } as const

/** What a form holds beside the proof; it is asked for again with what was typed, but for passwords. */
export type Carried = [name: string, value: string][]

type Confirmed = MiddlewareHandler<App> & { stepUp: true }

export const isConfirmed = (c: Context<App>): boolean => {
  const session = c.var.visitor?.session
  // Whoever must enroll gave their password when this session began, if it isn't an older one that came to that stage.
  const at = session?.confirmedAt ?? (session?.stage === 'enroll' ? session.createdAt : null)
  return !!at && c.var.now.getTime() - at.getTime() < confirmedFor
}

/** Of a form in which a role is chosen: only making somebody an Admin needs it. */
export const forAdmin = (fields: URLSearchParams): boolean => fields.get('role') === 'admin'

/** Whether it is asked about, by its fields or by what its address names; that is looked up only for who isn't confirmed. */
type When = (fields: URLSearchParams, c: Context<App>) => boolean | Promise<boolean>

/**
 * Stands behind a route's guard: whoever is signed in has shown within ten minutes that it is they, with their password or a code. Who
 * hasn't is asked first. A page is gone to afterwards; a form that was sent comes back inside of the question, and is done with the
 * answer. With `when` only what says such a thing, or is about it, is asked about. `stage`: whose session the guard lets in; `strangers`:
 * it lets in everybody, and what others than them send is no account's doing.
 */
export const confirmed = ({
  when,
  most,
  stage = 'full',
  strangers = false,
}: {
  when?: When
  most?: number
  stage?: 'full' | 'enroll'
  strangers?: boolean
} = {}): Confirmed =>
  Object.assign(
    (async (c, next) => {
      if (c.var.visitor?.session.stage !== stage) {
        if (!strangers) throw new SignInFirst()
        return next()
      }
      const { proof, carried, body } = await taken(c, most)
      let cookie: string | undefined
      if (!isConfirmed(c) && (!when || (await when(new URLSearchParams(carried), c)))) {
        const answer = await c.var.confirm(proof, carried)
        if (answer instanceof Response) return answer
        cookie = answer.cookie
      }
      if (body !== null) readAgain(c, body, cookie)
      await next()
    }) satisfies MiddlewareHandler<App>,
    { stepUp: true as const },
  )

/** The form without the proof in it. What isn't a form is left to whoever reads it. */
async function taken(
  c: Context<App>,
  most?: number,
): Promise<{ proof: Proof | null; carried: Carried; body: string | null }> {
  const type = (c.req.header('content-type') ?? '').split(';')[0]?.trim().toLowerCase()
  if (c.req.method !== 'POST' || type !== 'application/x-www-form-urlencoded')
    return { proof: null, carried: [], body: null }
  const fields = new URLSearchParams(await readBody(c, most))
  const password = fields.get(proofFields.password)
  const code = fields.get(proofFields.code)
  for (const name of Object.values(proofFields)) fields.delete(name)
  return {
    proof: password === null && code === null ? null : { password: password ?? '', code: code ?? '' },
    carried: [...fields].filter(([name]) => !/password/.test(name)),
    body: fields.toString(),
  }
}

/** The session has a new id now, which the request must be known by if it is read again (turn.ts). */
function readAgain(c: Context<App>, body: string, cookie: string | undefined): void {
  const headers = new Headers(c.req.raw.headers)
  headers.delete('content-length')
  const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie ?? '') ?? []
  if (name) {
    const others = (headers.get('cookie') ?? '').split(/;\s*/).filter((one) => !one.startsWith(`${name}=`))
    headers.set('cookie', [...others, `${name}=${value}`].join('; '))
  }
  c.req.raw = new Request(c.req.raw.url, { method: 'POST', headers, body })
}
