import { Readable } from 'node:stream'
import {
  AbortedTransactionError,
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  type KyselyPlugin,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryCompiler,
  type QueryResult,
  type Transaction,
  type TransactionSettings,
} from 'kysely'
import postgres from 'postgres'
import type { DB } from './schema.ts'
import { types } from './values.ts'

export type Db = Kysely<DB>

/** Every connection was taken for the whole deadline: the person is asked to try again (503, Retry-After). */
export class DatabaseBusy extends Error {
  override name = 'DatabaseBusy'
}

/** The connection went away in the middle of a transaction or a session; nothing of it may go on elsewhere. */
class ConnectionLost extends Error {
  override name = 'ConnectionLost'
  code = 'CONNECTION_CLOSED'
}

/** We never reached the server, so trying again can't do anything twice. */
const notConnected = new Set([
  'ECONNREFUSED',
  'ENOENT',
  'EAGAIN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  '57P03',
  '53300',
])
const unavailable = new Set([
  ...notConnected,
  'EPIPE',
  'ECONNRESET',
  'ECONNABORTED',
  'ETIMEDOUT',
  'CONNECT_TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  '57P01',
  '57P02',
  '57P05',
  '08000',
  '08001',
  '08003',
  '08004',
  '08006',
])

const codeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return ''
  const { code, syscall } = error as Error & { code?: unknown; syscall?: unknown }
  if (typeof code !== 'string') return ''
  // A missing file is no missing database: only the socket's own ENOENT counts.
  return (code === 'ENOENT' || code === 'EAGAIN') && syscall !== 'connect' ? '' : code
}

/** Whether the database can't be asked right now (down, starting, restarting, full, all connections busy): the answer is 503. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof DatabaseBusy) return true
  if (unavailable.has(codeOf(error))) return true
  return error instanceof Error && error.cause !== undefined && isUnavailable(error.cause)
}

/** A sentence for the operator whose DATABASE_URL is why nothing works; null for every other error. */
export function databaseProblem(error: unknown): string | null {
  const { code } = (error ?? {}) as { code?: unknown }
  if (code === '28P01' || code === '28000')
    return 'The database at DATABASE_URL doesn’t let Rollcall in: check the user and the password.'
  if (code === '3D000') return 'The server at DATABASE_URL has no database of that name.'
  if (isUnavailable(error))
    return 'The database at DATABASE_URL doesn’t answer. Check that it runs and that the address is right.'
  return null
}

const preparedTexts = new Set<string>()

/**
 * Registers a query that was compiled once, so that each connection prepares it and later runs skip parsing and one round
 * trip. Only for a text that never varies; others are planned with their real values. Gives the query back.
 */
export function prepared<R>(compiled: CompiledQuery<R>): CompiledQuery<R> {
  preparedTexts.add(compiled.sql)
  if (preparedTexts.size > 200) throw new Error('prepared() is for texts that never vary, and there are already 200')
  return compiled
}

/** Runs `work` in a transaction, once more when the database chose it as the loser of a conflict (40001, 40P01). */
export async function inTransaction<Schema, R>(
  db: Kysely<Schema>,
  work: (trx: Transaction<Schema>) => Promise<R>,
): Promise<R> {
  try {
    return await db.transaction().execute(work)
  } catch (error) {
    if (!['40001', '40P01'].includes(codeOf(error))) throw error
    return await db.transaction().execute(work)
  }
}

export type ConnectOptions = ({ url: string } | { socketDir: string; database?: string }) & {
  plugins?: KyselyPlugin[]
  /** Connections, 10 at most when nothing else is said (R-53). */
  max?: number
  /** Milliseconds a statement may take, 5,000; 0 for no limit. */
  statementTimeout?: number
  /** Milliseconds to wait for a connection before DatabaseBusy, 2,000. */
  acquireTimeout?: number
  /** Told every text sent, begin and commit too: a test counts the round trips of a screen. */
  onQuery?: (sql: string) => void
}

/** How long the server may stay silent after its own statement_timeout before the connection counts as dead, in ms. */
const grace = 5000
/** An idle connection is closed after this, in ms: each costs the server a process. */
const idle = 60_000

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * One connection to the server and the session in it: a postgres.js of its own with max 1. So a transaction needs no
 * reservation, no query waits behind a slow one of somebody else, and a connection that closes is noticed by its owner.
 */
export class Slot implements DatabaseConnection {
  readonly #pool: Pool
  #sql: postgres.Sql | undefined
  #connected = false
  #used = false
  #lost = false
  #transaction = false
  #settings = false
  #patient = false
  #ended = false
  /** When the running statement was sent (performance.now()), 0 for none. */
  since = 0
  freeSince = 0

  constructor(pool: Pool) {
    this.#pool = pool
  }

  /** Made anew after each closed connection: the driver's own one may answer its next query with the old one's last error. */
  get sql(): postgres.Sql {
    if (this.#ended) throw new ConnectionLost('The connection to the database was closed')
    if (this.#sql) return this.#sql
    const sql = this.#pool.open(() => this.#forget(sql))
    this.#sql = sql
    return sql
  }

  #forget(sql: postgres.Sql | undefined) {
    if (this.#sql !== sql || !sql) return
    this.#sql = undefined
    this.#connected = false
    if (this.#used) this.#lost = true
    void sql.end({ timeout: 0 }).catch(() => {})
  }

  /** A session with settings of its own, for instance a longer statement_timeout, isn't watched. */
  get overdue() {
    const limit = this.#pool.statementTimeout
    return limit > 0 && this.since > 0 && !this.#patient && performance.now() - this.since > limit + grace
  }
  /** Whether the next one would find a session that isn't as new. */
  get soiled() {
    return this.#transaction || this.#settings || this.#ended
  }

  take(): this {
    this.#used = this.#lost = this.#patient = false
    return this
  }

  async send(text: string, parameters: readonly unknown[] = [], prepare = false) {
    if (text.includes('\0')) throw new Error('A statement with a NUL character')
    const begin = text === 'begin' || text.startsWith('start transaction')
    if (text.startsWith('set ')) {
      this.#patient = true
      this.#settings ||= !text.startsWith('set local ')
    }
    const values = parameters.map((value) => this.#parameter(value))
    for (let attempt = 1; ; attempt++) {
      if (this.#lost) throw new ConnectionLost('The connection to the database was lost')
      this.#pool.onQuery?.(text)
      const wasConnected = this.#connected
      this.since = performance.now()
      try {
        const options = prepare ? { prepare, simple: false } : { prepare }
        const result = await this.sql.unsafe(text, values as never[], options)
        this.#connected = this.#used = true
        return result
      } catch (error) {
        // The driver tells of its closed connection a moment later; until then it would take the next query.
        if (isUnavailable(error)) this.#forget(this.#sql)
        // Nothing was sent yet, or only a begin, which leaves nothing behind: a second try is safe.
        const safe = wasConnected ? begin && isUnavailable(error) : notConnected.has(codeOf(error))
        if (attempt === 2 || this.#used || !safe) throw told(error)
        this.#lost = false
        await pause(100)
      } finally {
        this.since = 0
      }
    }
  }

  /** Arrays are left to the server to name: guessing from the first item turns a jsonb array of booleans into boolean. */
  #parameter(value: unknown) {
    return Array.isArray(value) ? this.sql.typed(value as never, 0) : value
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const result = await this.send(query.sql, query.parameters, preparedTexts.has(query.sql))
    // Several statements in one text give a list of results; the last one counts.
    const last = (result.command === undefined ? result.at(-1) : result) as unknown as postgres.RowList<postgres.Row[]>
    if (last === undefined) return { rows: [] }
    const changing = /^(INSERT|UPDATE|DELETE|MERGE)/.test(last.command)
    return { rows: last as unknown as R[], ...(changing && { numAffectedRows: BigInt(last.count) }) }
  }

  async *streamQuery<R>(query: CompiledQuery, chunkSize: number): AsyncIterableIterator<QueryResult<R>> {
    if (this.#lost) throw new ConnectionLost('The connection to the database was lost')
    this.#pool.onQuery?.(query.sql)
    this.#used = true
    const values = query.parameters.map((value) => this.#parameter(value))
    const cursor = this.sql.unsafe(query.sql, values as never[], { prepare: false }).cursor(chunkSize)
    for await (const rows of cursor) {
      this.#connected = true
      yield { rows: rows as unknown as R[] }
    }
  }

  /** Starts a `copy ... to stdout`. After `cancel` the stream ends early, and the connection must be ended too. */
  async copy(text: string) {
    this.#pool.onQuery?.(text)
    this.#used = true
    const query = this.sql.unsafe(text)
    const { resolve } = query as unknown as { resolve(result: unknown): void }
    // The beginning and an error can come in one packet, before whoever awaits the stream could listen for it.
    const hear = (result: unknown) => {
      if (result instanceof Readable) result.on('error', () => {})
      resolve(result)
    }
    Object.assign(query, { resolve: hear })
    try {
      const stream = await query.readable()
      // The driver pauses its socket when the last rows come quicker than they are read, and would never resume it: the next
      // query of this connection would wait for ever.
      stream.once('end', () => stream._read(0))
      const cancel = () => {
        // The driver takes a query whose stream has begun for done, and would only cancel the one after it.
        Object.assign(query, { active: true })
        void Promise.resolve(query.cancel()).catch(() => {})
      }
      return { stream, cancel }
    } catch (error) {
      throw told(error)
    }
  }

  async begin(settings: TransactionSettings = {}) {
    const { isolationLevel, accessMode } = settings
    if (!isolationLevel && !accessMode) await this.send('begin')
    else
      await this.send(
        `start transaction${isolationLevel ? ` isolation level ${isolationLevel}` : ''}${accessMode ? ` ${accessMode}` : ''}`,
      )
    this.#transaction = true
  }

  /** PostgreSQL answers ROLLBACK to the commit of a transaction in which a statement failed. */
  async commit() {
    const { command } = await this.send('commit')
    this.#transaction = false
    if (command === 'ROLLBACK') throw new AbortedTransactionError()
  }

  /** Never throws: the reason to roll back is what the caller must hear of. What can't be rolled back is disconnected. */
  async rollback() {
    if (this.#lost) return
    try {
      await this.send('rollback')
      this.#transaction = false
    } catch {}
  }

  /** Closes the connection; a statement under way fails with CONNECTION_DESTROYED. */
  async end(timeout: number) {
    this.#ended = true
    await this.#sql?.end({ timeout: timeout / 1000 }).catch(() => {})
  }
}

/**
 * The driver's error is made in its socket handler and carries the parameters. This one has the same fields, the caller's
 * stack and no parameters, which may be passwords.
 */
export function told<E>(error: E): E {
  if (!(error instanceof postgres.PostgresError)) return error
  const Same = postgres.PostgresError as unknown as new (fields: object) => postgres.PostgresError
  return new Same({ ...error, message: error.message }) as E
}

type Waiter = { resolve: (slot: Slot) => void; reject: (error: Error) => void; timer: NodeJS.Timeout }

/** At most `max` connections, made when needed. The one used last is taken first, so that few stay open in a quiet hour. */
export class Pool {
  readonly statementTimeout: number
  readonly onQuery: ((sql: string) => void) | undefined
  readonly open: (onclose: () => void) => postgres.Sql
  readonly #max: number
  readonly #acquireTimeout: number
  readonly #free: Slot[] = []
  readonly #taken = new Set<Slot>()
  readonly #waiting = new Set<Waiter>()
  readonly #watch: NodeJS.Timeout
  #closing = false
  #emptied: (() => void) | undefined

  constructor(options: ConnectOptions) {
    this.#max = options.max ?? 10
    this.statementTimeout = options.statementTimeout ?? 5000
    this.#acquireTimeout = options.acquireTimeout ?? 2000
    this.onQuery = options.onQuery
    this.open = opener(options, this.statementTimeout, this.#acquireTimeout)
    this.#watch = setInterval(() => this.#look(), 1000)
    this.#watch.unref()
  }

  /** A connection for one caller, who must `release` it. DatabaseBusy after the deadline; nobody who left is served. */
  acquire(): Promise<Slot> {
    if (this.#closing) return Promise.reject(new ConnectionLost('The database was closed'))
    const free = this.#free.pop() ?? (this.#taken.size < this.#max ? new Slot(this) : undefined)
    if (free) {
      this.#taken.add(free)
      return Promise.resolve(free.take())
    }
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        resolve,
        reject,
        timer: setTimeout(() => {
          this.#waiting.delete(waiter)
          reject(new DatabaseBusy('Every database connection is busy'))
        }, this.#acquireTimeout),
      }
      this.#waiting.add(waiter)
    })
  }

  release(slot: Slot): void {
    if (!this.#taken.delete(slot)) return
    let next = slot
    if (slot.soiled) {
      void slot.end(0)
      next = new Slot(this)
    }
    const [waiter] = this.#waiting
    if (waiter) {
      this.#waiting.delete(waiter)
      clearTimeout(waiter.timer)
      this.#taken.add(next)
      waiter.resolve(next.take())
    } else {
      next.freeSince = performance.now()
      this.#free.push(next)
    }
    if (this.#taken.size === 0) this.#emptied?.()
  }

  #look() {
    for (const slot of this.#taken) if (slot.overdue) void slot.end(0)
    const now = performance.now()
    while (this.#free[0] && now - this.#free[0].freeSince > idle) void this.#free.shift()?.end(1000)
  }

  /** Refuses newcomers, waits at most `timeout` ms for those who hold a connection, then closes them all. */
  async close(timeout = 5000) {
    this.#closing = true
    clearInterval(this.#watch)
    for (const waiter of this.#waiting) {
      clearTimeout(waiter.timer)
      waiter.reject(new ConnectionLost('The database was closed'))
    }
    this.#waiting.clear()
    if (this.#taken.size > 0) {
      let timer: NodeJS.Timeout | undefined
      await Promise.race([
        new Promise<void>((resolve) => {
          this.#emptied = resolve
        }),
        new Promise((resolve) => {
          timer = setTimeout(resolve, timeout)
        }),
      ])
      clearTimeout(timer)
    }
    await Promise.all([...this.#free.splice(0), ...this.#taken].map((slot) => slot.end(0)))
  }
}

function opener(options: ConnectOptions, statementTimeout: number, connectTimeout: number) {
  const common = {
    max: 1,
    types,
    // The types are known (values.ts), and asking would cost each new connection a round trip.
    fetch_types: false,
    onnotice: () => {},
    connect_timeout: connectTimeout / 1000,
    // The driver's own back-off grows to 20 s, which would keep the app down long after the server is back.
    backoff: () => 0.05,
    // These would close a connection between two statements of a transaction; the pool looks after idle ones itself.
    idle_timeout: undefined,
    max_lifetime: null,
    connection: {
      application_name: 'rollcall',
      statement_timeout: statementTimeout,
      lock_timeout: 3000,
      idle_in_transaction_session_timeout: 10_000,
      // A plan that looks dear is compiled first, which takes longer than any page.
      jit: 'off',
      TimeZone: 'UTC',
      DateStyle: 'ISO, YMD',
      standard_conforming_strings: 'on',
    },
  }
  if ('socketDir' in options) {
    const { socketDir, database = 'rollcall' } = options
    return (onclose: () => void) =>
      postgres({
        ...common,
        onclose,
        host: 'localhost',
        path: `${socketDir}/.s.PGSQL.5432`,
        user: 'rollcall',
        database,
        ssl: false,
      })
  }
  const url = new URL(options.url)
  // As psql reads it: postgres://user@/database?host=/folder/of/the/socket
  const host = url.searchParams.get('host')
  url.searchParams.delete('host')
  const path = host?.startsWith('/') ? { path: `${host}/.s.PGSQL.${url.port || 5432}` } : host ? { host } : {}
  return (onclose: () => void) =>
    postgres(url.href, { ...common, ...path, onclose } as postgres.Options<Record<string, postgres.PostgresType>>)
}

class PoolDriver implements Driver {
  readonly #pool: Pool
  constructor(pool: Pool) {
    this.#pool = pool
  }
  async init() {}
  acquireConnection(): Promise<Slot> {
    return this.#pool.acquire()
  }
  async releaseConnection(slot: DatabaseConnection) {
    this.#pool.release(slot as Slot)
  }
  beginTransaction(slot: DatabaseConnection, settings: TransactionSettings) {
    return (slot as Slot).begin(settings)
  }
  commitTransaction(slot: DatabaseConnection) {
    return (slot as Slot).commit()
  }
  rollbackTransaction(slot: DatabaseConnection) {
    return (slot as Slot).rollback()
  }
  async savepoint(slot: DatabaseConnection, name: string, _compile: QueryCompiler['compileQuery']) {
    await (slot as Slot).send(`savepoint ${quoted(name)}`)
  }
  async rollbackToSavepoint(slot: DatabaseConnection, name: string, _compile: QueryCompiler['compileQuery']) {
    await (slot as Slot).send(`rollback to ${quoted(name)}`)
  }
  async releaseSavepoint(slot: DatabaseConnection, name: string, _compile: QueryCompiler['compileQuery']) {
    await (slot as Slot).send(`release ${quoted(name)}`)
  }
  async destroy() {
    await this.#pool.close()
  }
}
const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

export type Connected = {
  db: Db
  /** The connections themselves, for COPY (copy.ts). */
  pool: Pool
  /** Waits up to `timeout` ms (5,000) for running work, then closes every connection. */
  close: (timeout?: number) => Promise<void>
}

/**
 * One Kysely over a pool of postgres.js connections. Nothing is opened before the first query; a server that goes away and
 * comes back is found again by itself.
 */
export function connect(options: ConnectOptions): Connected {
  const pool = new Pool(options)
  const db = new Kysely<DB>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new PoolDriver(pool),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
    plugins: options.plugins ?? [],
  })
  return { db, pool, close: (timeout) => pool.close(timeout) }
}
