import type { Context } from 'hono'
import { z } from 'zod'
import { isId } from '../ids.ts'
import type { App } from './app-context.ts'
import { BadRequest, Failure } from './failures.ts'

/**
 * A form as it came back: `values` are what was typed, to fill it again; `errors` are sentences by field; `input` is there
 * only when everything was right.
 */
export type Form<T = unknown> = { input: T | null; values: Record<string, string>; errors: Record<string, string> }

const maxBytes = 64 * 1024
const maxFields = 100

const tooLarge = () => new Failure(413, 'Too large')

/** Reads a body while counting, so that an endless one is stopped too (R-33); null when it is larger. */
async function readCounted(body: ReadableStream<Uint8Array>, limit: number): Promise<Buffer | null> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of body) {
    size += part.byteLength
    if (size > limit) return null
    parts.push(part)
  }
  return Buffer.concat(parts)
}

const cutOff = (error: unknown) => {
  if (error instanceof Failure) throw error
  // The sender went away in the middle of it.
  throw new BadRequest('The form was cut off.')
}

/** A body as it is, or null when it is larger than the limit; it isn't read when it says so itself. */
export async function readBytes(c: Context<App>, limit: number): Promise<Buffer | null> {
  if (Number(c.req.header('content-length') ?? Number.NaN) > limit) return null
  const { body } = c.req.raw
  return body ? await readCounted(body, limit).catch(cutOff) : Buffer.alloc(0)
}

export async function readBody(c: Context<App>, limit = maxBytes): Promise<string> {
  const length = Number(c.req.header('content-length') ?? Number.NaN)
  if (length >= 0 && length <= limit && !c.req.header('transfer-encoding')) {
    // Node reads no more than the length that was announced; without a stream around it that takes a fraction of the time.
    const text = await c.req.raw.text().catch(cutOff)
    if (Buffer.byteLength(text) > limit) throw tooLarge()
    return text
  }
  const bytes = await readBytes(c, limit)
  if (!bytes) throw tooLarge()
  return bytes.toString('utf8')
}

/** C0 and DEL, but for TAB, LF and CR. */
const control = /(?![\t\n\r\u0080-\u009f])\p{Cc}/u

/**
 * Reads a form by its schema. A field that the schema doesn't list, or a repeated one that isn't a list, is a request that
 * no page of ours makes: 400 (contract.md, R-42). Wrong values are sentences beside their fields.
 */
export async function readForm<S extends z.ZodObject>(
  c: Context<App>,
  schema: S,
  most = maxBytes,
): Promise<Form<z.output<S>>> {
  const type = (c.req.header('content-type') ?? '').split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/x-www-form-urlencoded') throw new Failure(415, 'Unsupported media type')
  const fields = new URLSearchParams(await readBody(c, most))
  if (fields.size > maxFields) throw new BadRequest()

  const raw: Record<string, string | string[]> = {}
  const errors: Record<string, string> = {}
  for (const name of new Set(fields.keys())) {
    const known = Object.hasOwn(schema.shape, name) ? schema.shape[name] : undefined
    if (!known) throw new BadRequest('The form has a field that isn’t known here.')
    const all = fields.getAll(name)
    const isList = unwrap(known) instanceof z.ZodArray
    if (all.length > 1 && !isList) throw new BadRequest('The form has a field twice.')
    const lines = known.meta()?.lines === true
    for (const value of all)
      if (control.test(value) || (!lines && /[\t\n\r]/.test(value)))
        errors[name] = 'Remove the control characters, such as tabs or line breaks'
    raw[name] = isList ? all : (all[0] ?? '')
  }
  const values = Object.fromEntries(Object.entries(raw).map(([name, value]) => [name, [value].flat().join(',')]))
  const { data, error } = schema.safeParse(raw)
  for (const issue of error?.issues ?? []) {
    const name = String(issue.path[0] ?? '')
    errors[name] ??= issue.code === 'invalid_type' ? 'Fill this in' : issue.message
  }
  return { input: Object.keys(errors).length === 0 && data ? (data as z.output<S>) : null, values, errors }
}

function unwrap(schema: unknown): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return unwrap(schema.unwrap())
  return schema
}

/** The same form with the domain's refusals in it. */
export const refuse = <T>(form: Form<T>, errors: Record<string, string>): Form<T> => ({ ...form, input: null, errors })

/** The same form after somebody else changed what it is about: what was typed stays, beside what is now. */
export const meanwhile = <T>(form: Form<T>): Form<T> =>
  refuse(form, {
    '': 'Somebody else changed this meanwhile. What you typed is still here: look at it again, then send it.',
  })

const bidi = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** One line that people read: NFC, trimmed, bidirectional overrides stripped, at most `most` code points (R-32). */
export const line = (most: number, { needed, label }: { needed?: string; label: string }) =>
  z
    .string()
    .transform((text) => text.normalize('NFC').replace(bidi, '').replace(/\s+/g, ' ').trim())
    .refine((text) => !control.test(text), { error: 'Remove the control characters' })
    .refine((text) => !needed || text.length > 0, { error: needed ?? '' })
    .refine((text) => [...text].length <= most, { error: `${label} can have at most ${most} characters` })

/** Several lines that people read: the same, with their line breaks. */
export const lines = (most: number, { needed, label }: { needed?: string; label: string }) =>
  z
    .string()
    .transform((text) => text.normalize('NFC').replace(bidi, '').replace(/\r\n?/g, '\n').trim())
    .refine((text) => !needed || text.length > 0, { error: needed ?? '' })
    .refine((text) => [...text].length <= most, { error: `${label} can have at most ${most} characters` })
    .meta({ lines: true })

/** The version of a row that a form was filled from (R-56). No page of ours sends anything else. */
export const version = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, 'Open this again')
  .transform(Number)

/** What makes a form that creates something the same one when it comes again (ids.ts, `idFromKey`; R-55). */
export const formKey = z.string().refine(isId, 'Open this again')

/** A password exactly as typed; its rules are checked by the command, for they need to know whose it is (R-01). */
export const secret = (needed: string) => z.string().min(1, needed).max(2000, 'This is too long')

/** An email address as people have them: one @, a domain with a dot or localhost, nothing unseen, at most 254 characters. */
export const email = z
  .string()
  .transform((text) => text.normalize('NFC').trim())
  .refine(
    (text) =>
      /^[^\s\p{C}@<>(),;:"\\[\]]+@[\p{L}\p{N}\p{M}-]+(\.[\p{L}\p{N}\p{M}-]+)*$/u.test(text) && text.length <= 254,
    {
      error: 'Enter an email address like name@example.org',
    },
  )
