import { randomInt } from 'node:crypto'
import type { Hono } from 'hono'
import type { App } from '../../src/platform/web/app-context.ts'

export type Answer = {
  status: number
  html: string
  headers: Headers
  /** Where a redirect leads. */
  location: string | null
  title: string
  /** What a person reads: tags off, spaces as one. */
  text: string
  /** As served, compressed when asked for. */
  bytes: Buffer
}

type Fields = Record<string, string | string[]>
type Options = {
  headers?: Record<string, string>
  body?: string | Uint8Array<ArrayBuffer> | ReadableStream
  method?: string
}

/** An address that no other test has, so that limits by IP stay apart. */
export const someIp = (): string => `10.${randomInt(256)}.${randomInt(256)}.${randomInt(1, 255)}`

export const origin = 'http://localhost:3000'

/** A browser of its own: cookies, an address, and where its organization is. Paths without a leading slash are inside that. */
export class Browser {
  readonly cookies = new Map<string, string>()
  readonly ip: string
  readonly #app: Hono<App>
  readonly #base: string
  readonly #extra: Record<string, string>

  constructor(app: Hono<App>, base = '', ip = someIp(), extra: Record<string, string> = {}) {
    this.#app = app
    this.#base = base
    this.ip = ip
    this.#extra = extra
  }

  /** The same browser asking for htmx swaps. */
  get swap(): Browser {
    const other = new Browser(this.#app, this.#base, this.ip, {
      ...this.#extra,
      'HX-Request': 'true',
      'HX-Request-Type': 'partial',
    })
    return Object.assign(other, { cookies: this.cookies })
  }

  url(path: string): string {
    return path.startsWith('/') || path === '' ? path || this.#base : `${this.#base}/${path}`
  }

  get(path: string, options: Options = {}): Promise<Answer> {
    return this.send('GET', path, options)
  }

  /** Sends a form as the page's own button would. */
  post(path: string, fields: Fields = {}, options: Options = {}): Promise<Answer> {
    const body = new URLSearchParams()
    for (const [name, value] of Object.entries(fields)) for (const one of [value].flat()) body.append(name, one)
    return this.send('POST', path, {
      body: body.toString(),
      ...options,
      headers: {
        'Content-Type': 'application/x-www-form-urlencoded',
        'Sec-Fetch-Site': 'same-origin',
        ...options.headers,
      },
    })
  }

  async send(method: string, path: string, { headers = {}, body }: Options = {}): Promise<Answer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const request = new Request(new URL(this.url(path), origin), {
      method,
      headers: { Host: 'localhost:3000', ...(cookie ? { Cookie: cookie } : {}), ...this.#extra, ...headers },
      ...(body === undefined ? {} : { body, duplex: 'half' }),
    } as RequestInit)
    const response = await this.#app.fetch(request, { incoming: { socket: { remoteAddress: this.ip } } } as never)
    for (const line of response.headers.getSetCookie()) this.#keep(line)
    const bytes = Buffer.from(await response.arrayBuffer())
    const html = bytes.toString('utf8')
    return {
      status: response.status,
      html,
      bytes,
      headers: response.headers,
      location: response.headers.get('location'),
      title: /<title>(.*?)<\/title>/s.exec(html)?.[1] ?? '',
      // Only of the answers that are read: a search for tags in thousands of pages takes longer than making them.
      get text() {
        return html
          .replace(/<head>.*?<\/head>/s, '')
          .replace(/<[^>]+>/g, ' ')
          .replace(/&amp;/g, '&')
          .replace(/&#39;/g, "'")
          .replace(/&quot;/g, '"')
          .replace(/&lt;/g, '<')
          .replace(/&gt;/g, '>')
          .replace(/\s+/g, ' ')
          .trim()
      },
    }
  }

  #keep(line: string) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    if (/max-age=0|expires=Thu, 01 Jan 1970/i.test(line) || value === '') this.cookies.delete(name)
    else this.cookies.set(name, value)
  }
}
