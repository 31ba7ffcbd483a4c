import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { z } from 'zod'
import { root } from './root.ts'

/** A wrong environment: `message` is one sentence for the operator. */
export class ConfigError extends Error {}

const blank = <T extends z.ZodType>(schema: T) => z.preprocess((value) => (value === '' ? undefined : value), schema)

const port = z
  .string()
  .regex(/^\d{1,5}$/)
  .transform(Number)
  .refine((n) => n >= 1 && n <= 65535)

const isRange = (part: string): boolean => {
  const [address = '', bits, more] = part.split('/')
  const most = isIP(address) === 6 ? 128 : 32
  return (
    isIP(address) > 0 && more === undefined && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most))
  )
}

/** `name@host`, or a name and then that in angle brackets. */
const sender =
  /^(?:"?(?<name>[^"<>\p{C}]*)"?\s*<(?<address>[^\s\p{C}@<>(),;:"\\[\]]+@[\p{L}\p{N}.-]+)>|(?<alone>[^\s\p{C}@<>(),;:"\\[\]]+@[\p{L}\p{N}.-]+))$/u

const environment = z.object({
  PORT: blank(port.default(3000)),
  HOST: blank(
    z
      .string()
      .regex(/^[\w.:-]+$/)
      .default('127.0.0.1'),
  ),
  PUBLIC_URL: blank(z.url({ protocol: /^https?$/ }).optional()),
  DATABASE_URL: blank(z.url({ protocol: /^postgres(ql)?$/ }).optional()),
  DATA_DIR: blank(z.string().optional()),
  APP_KEY: blank(z.string().optional()),
  APP_KEY_OLD: blank(z.string().optional()),
  SMTP_URL: blank(z.url({ protocol: /^smtps?$/ }).optional()),
  MAIL_FROM: blank(
    z
      .string()
      .max(320)
      .transform((text) => sender.exec(text.trim())?.groups ?? {})
      .refine(({ address, alone }) => Boolean(address ?? alone))
      .transform(({ name, address, alone }) => ({ name: name?.trim() || 'Rollcall', address: address ?? alone ?? '' }))
      .optional(),
  ),
  WORKERS: blank(
    z
      .string()
      .regex(/^\d{1,2}$/)
      .transform(Number)
      .refine((n) => n >= 1 && n <= 64)
      .default(1),
  ),
  TRUSTED_PROXIES: blank(
    z
      .string()
      .default('')
      .transform((list) =>
        list
          .split(',')
          .map((part) => part.trim())
          .filter(Boolean),
      )
      .refine((list) => list.every(isRange)),
  ),
  LOG_LEVEL: blank(z.enum(['debug', 'info', 'warn', 'error']).default('info')),
})

const meaning: Record<string, string> = {
  PORT: 'a port number from 1 to 65535',
  HOST: 'an address to listen on, like 127.0.0.1',
  PUBLIC_URL: 'an address like https://access.example.org',
  DATABASE_URL: 'an address like postgres://user:password@host:5432/rollcall',
  SMTP_URL: 'an address like smtp://user:password@host:587',
  MAIL_FROM: 'an address like access@example.org, or Rollcall <access@example.org>',
  WORKERS: 'a number from 1 to 64',
  TRUSTED_PROXIES: 'addresses or ranges with commas between them, like 10.0.0.2, 192.168.0.0/16',
  LOG_LEVEL: 'one of debug, info, warn, error',
}

/** The environment of contract.md, checked once. Throws ConfigError with a sentence that never repeats a secret. */
export function readConfig(env: Record<string, string | undefined> = process.env) {
  const { data, error } = environment.safeParse(env)
  if (error) {
    const name = String(error.issues[0]?.path[0])
    throw new ConfigError(`${name} must be ${meaning[name] ?? 'different'}.`)
  }
  const publicUrl = new URL(data.PUBLIC_URL ?? `http://localhost:${data.PORT}`)
  if (publicUrl.pathname !== '/' || publicUrl.search || publicUrl.hash || publicUrl.username)
    throw new ConfigError('PUBLIC_URL must be a host without a path, like https://access.example.org.')
  if (data.DATABASE_URL && !data.APP_KEY)
    throw new ConfigError(
      'APP_KEY is needed with DATABASE_URL: 32 bytes in base64, for example from `openssl rand -base64 32`.',
    )
  if (data.APP_KEY_OLD && !data.APP_KEY)
    throw new ConfigError('APP_KEY_OLD is the key of before: set APP_KEY, the new one, beside it.')
  return {
    port: data.PORT,
    host: data.HOST,
    publicUrl,
    secure: publicUrl.protocol === 'https:',
    databaseUrl: data.DATABASE_URL,
    dataDir: resolve(data.DATA_DIR ?? resolve(root, 'data')),
    appKey: data.APP_KEY,
    appKeyOld: data.APP_KEY_OLD,
    smtpUrl: data.SMTP_URL,
    mailFrom: data.MAIL_FROM ?? { name: 'Rollcall', address: `rollcall@${publicUrl.hostname}` },
    workers: data.WORKERS,
    trustedProxies: data.TRUSTED_PROXIES,
    logLevel: data.LOG_LEVEL,
  }
}
export type Config = ReturnType<typeof readConfig>
