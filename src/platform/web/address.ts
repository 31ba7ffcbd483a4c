import { BlockList, isIP } from 'node:net'
import type { MiddlewareHandler } from 'hono'
import type { Config } from '../config.ts'
import type { App } from './app-context.ts'
import { Failure, ForeignRequest, NotFound } from './failures.ts'

const local = ['localhost', '127.0.0.1', '[::1]']

/** The hosts that answer: PUBLIC_URL's, and for a localhost URL its other names (contract.md). */
function ownHosts(publicUrl: URL): Set<string> {
  if (!local.includes(publicUrl.hostname)) return new Set([publicUrl.host])
  return new Set(local.map((name) => (publicUrl.port ? `${name}:${publicUrl.port}` : name)))
}

const isOwnOrigin = (publicUrl: URL, text: string): boolean => {
  if (!URL.canParse(text)) return false
  const url = new URL(text)
  return url.protocol === publicUrl.protocol && ownHosts(publicUrl).has(url.host)
}

function proxies(list: readonly string[]): BlockList {
  const block = new BlockList()
  for (const entry of list) {
    const [address = '', bits] = entry.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (bits) block.addSubnet(address, Number(bits), family)
    else block.addAddress(address, family)
  }
  return block
}

const bare = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '')
const within = (block: BlockList, address: string): boolean =>
  isIP(address) > 0 && block.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')

/** One hop of X-Forwarded-For. Some proxies write the port too: `203.0.113.7:4711`, `[2001:db8::1]:443`. */
function hopAddress(hop: string): string {
  const [, ipv6, ipv4] = /^(?:\[([^\]]*)\]|([\d.]+))(?::\d{1,5})?$/.exec(hop.trim()) ?? []
  return bare(ipv6 ?? ipv4 ?? hop.trim())
}

/**
 * The client's address: the peer's, unless the peer is a trusted proxy; then the right-most address of
 * X-Forwarded-For that no trusted proxy has.
 */
function clientAddress(trusted: BlockList, peer: string, forwarded: string | undefined): string {
  let address = bare(peer)
  const hops = (forwarded ?? '').split(',').map(hopAddress)
  while (within(trusted, address)) {
    const hop = hops.pop()
    if (!hop || isIP(hop) === 0) break
    address = hop
  }
  return address
}

/** What limits are counted by: an IPv4 address, or the /64 of an IPv6 one, which is one customer's. */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? []
  const groups = head.split(':').filter(Boolean)
  const rest = tail?.split(':').filter(Boolean) ?? []
  if (tail !== undefined) groups.push(...Array(Math.max(0, 8 - groups.length - rest.length)).fill('0'), ...rest)
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}

/** Sets `ip`, and refuses other hosts (421, R-27), odd methods (405), odd spellings of addresses (301 or 404, R-39). */
export function address(config: Config): MiddlewareHandler<App> {
  const trusted = proxies(config.trustedProxies)
  return async (c, next) => {
    const peer = c.env?.incoming?.socket.remoteAddress ?? '127.0.0.1'
    c.set('ip', clientAddress(trusted, peer, c.req.header('x-forwarded-for')))

    const { pathname, search } = new URL(c.req.url)
    const probe = pathname === '/healthz' || pathname === '/readyz'
    const forwardedHost = within(trusted, bare(peer)) ? c.req.header('x-forwarded-host') : undefined
    const host = forwardedHost ?? c.req.header('host') ?? new URL(c.req.url).host
    if (!probe && !ownHosts(config.publicUrl).has(host.toLowerCase())) throw new Failure(421, 'Misdirected request')

    if (!['GET', 'HEAD', 'POST'].includes(c.req.method)) throw new Failure(405, 'Method not allowed')
    if (/\/\/|\\|%2f|%5c|%00|%2e/i.test(pathname) || /\.(\/|$)/.test(pathname)) throw new NotFound()
    if (pathname !== '/' && pathname.endsWith('/')) {
      if (c.req.method === 'POST') throw new NotFound()
      return c.redirect(pathname.replace(/\/+$/, '') + search, 301)
    }
    await next()
  }
}

/**
 * Only our own pages may change something: Sec-Fetch-Site says same-origin; browsers without it send an Origin;
 * text browsers without that send a Referer. Any content type.
 */
export const ownPagesOnly =
  (config: Config): MiddlewareHandler<App> =>
  async (c, next) => {
    if (c.req.method !== 'GET' && c.req.method !== 'HEAD') {
      const site = c.req.header('sec-fetch-site')
      const origin = c.req.header('origin')
      const referer = c.req.header('referer')
      const own =
        site !== undefined
          ? site === 'same-origin'
          : origin !== undefined
            ? isOwnOrigin(config.publicUrl, origin)
            : referer !== undefined && isOwnOrigin(config.publicUrl, referer)
      if (!own) throw new ForeignRequest(site === undefined && origin === undefined && referer === undefined)
    }
    await next()
  }

/**
 * For every page with a form that POSTs: it stands at an address without a query. From one with a query lynx sends no Referer,
 * and so nothing that `ownPagesOnly` may let pass. What such a page needs to know comes in its path, or in a short cookie where
 * it must not stay in the address (next.ts, set-up); a hidden field carries it on from there. A query that somebody else
 * added, as mail services do, is taken off by a redirect.
 */
export const withoutQuery: MiddlewareHandler<App> = async (c, next) => {
  const { pathname, search } = new URL(c.req.url)
  if (search && c.req.method !== 'POST') return c.redirect(pathname, 303)
  await next()
}

/**
 * Where to go after signing in: a path of ours and nothing else, or `/`. Backslashes, control characters and
 * addresses of other origins are what attackers send here.
 */
export function safeNext(next: string | undefined, publicUrl: URL): string {
  if (!next || next.length > 2000 || !next.startsWith('/') || /[\\\p{Cc}]/u.test(next)) return '/'
  if (!URL.canParse(next, publicUrl.href)) return '/'
  const url = new URL(next, publicUrl)
  if (url.origin !== publicUrl.origin || url.pathname.startsWith('//')) return '/'
  return url.pathname + url.search
}

/** Whether a peer is one of TRUSTED_PROXIES, so that the limits on connections don't hold for it. */
export function trustedPeers(config: Config): (address: string) => boolean {
  const trusted = proxies(config.trustedProxies)
  return (peer) => within(trusted, bare(peer))
}
