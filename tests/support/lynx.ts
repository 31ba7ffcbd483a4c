import { type Answer, type Browser, origin } from './browser.ts'

const plain = (text: string) =>
  text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&amp;', '&')
const attribute = (tag: string, name: string) => {
  const found = new RegExp(`\\s${name}(?:="([^"]*)")?(?=[\\s/>])`).exec(tag)
  return found && plain(found[1] ?? '')
}
const words = (html: string) =>
  plain(html.replace(/<[^>]+>/g, ' '))
    .replace(/\s+/g, ' ')
    .trim()

/**
 * Somebody in lynx: no style, no script, and of where a request comes from no other word than a Referer, which isn't sent from a
 * page whose address has a query. A form without fields is sent by GET, whatever it says.
 */
export class Lynx {
  /** What is on the screen, and where it is. */
  page!: Answer
  address = ''
  readonly #browser: Browser

  constructor(browser: Browser) {
    this.#browser = browser
  }

  /** Types an address, or follows one. */
  open(address: string): Promise<Answer> {
    return this.#go('GET', new URL(address, origin + this.address))
  }

  /** Follows the first link with these words. */
  follow(label: string): Promise<Answer> {
    for (const [, tag = '', inside = ''] of this.page.html.matchAll(/(<a\s[^>]*>)(.*?)<\/a>/gs))
      if (words(inside) === label) return this.open(attribute(tag, 'href') ?? '')
    throw new Error(`there is no link “${label}” on ${this.address}`)
  }

  /** Fills in the first form that has such a button, and presses that. A field is a text, or a choice among the values. */
  press(button: string, fields: Record<string, string | string[]> = {}): Promise<Answer> {
    for (const [, form = '', inside = ''] of this.page.html.matchAll(/(<form[^>]*>)(.*?)<\/form>/gs)) {
      const buttons = [...inside.matchAll(/(<button[^>]*>)(.*?)<\/button>/gs)]
      const pressed = buttons.find(([, , text = '']) => words(text) === button)?.[1]
      if (pressed === undefined) continue
      const sent = new URLSearchParams()
      const asked = new Set(Object.keys(fields))
      for (const [tag] of inside.matchAll(/<input[^>]*>/g)) {
        const name = attribute(tag, 'name')
        if (name === null) continue
        const value = attribute(tag, 'value') ?? ''
        const isChoice = /radio|checkbox/.test(attribute(tag, 'type') ?? '')
        const given = fields[name]
        asked.delete(name)
        if (!isChoice) sent.append(name, given === undefined ? value : String(given))
        else if (given === undefined ? attribute(tag, 'checked') !== null : [given].flat().includes(value))
          sent.append(name, value)
      }
      for (const [, select = '', options = ''] of inside.matchAll(/(<select[^>]*>)(.*?)<\/select>/gs)) {
        const tags = [...options.matchAll(/<option[^>]*>/g)].map(([tag]) => tag)
        const name = attribute(select, 'name') ?? ''
        const chosen = tags.find((tag) => attribute(tag, 'selected') !== null) ?? tags[0] ?? ''
        asked.delete(name)
        sent.append(name, String(fields[name] ?? attribute(chosen, 'value') ?? ''))
      }
      const name = attribute(pressed, 'name')
      if (name !== null) sent.append(name, attribute(pressed, 'value') ?? '')
      if (asked.size > 0) throw new Error(`the form on ${this.address} has no ${[...asked].join(', ')}`)
      const url = new URL(attribute(form, 'action') ?? this.address, origin + this.address)
      if (attribute(form, 'method') === 'post' && sent.size > 0) return this.#go('POST', url, sent.toString())
      url.search = sent.toString()
      return this.#go('GET', url)
    }
    throw new Error(`there is no button “${button}” on ${this.address}`)
  }

  async #go(method: 'GET' | 'POST', url: URL, body?: string): Promise<Answer> {
    const headers: Record<string, string> = { 'User-Agent': 'Lynx/2.9.0dev.12 libwww-FM/2.14' }
    if (this.address && !this.address.includes('?')) headers.Referer = origin + this.address
    if (body !== undefined) headers['Content-Type'] = 'application/x-www-form-urlencoded'
    const path = url.pathname + url.search
    this.page = await this.#browser.send(method, path, { headers, ...(body === undefined ? {} : { body }) })
    const { location } = this.page
    if (location) return this.#go('GET', new URL(location, url))
    this.address = path
    return this.page
  }
}
