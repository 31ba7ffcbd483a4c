import { spawn, spawnSync } from 'node:child_process'

export const hasLynx =
  spawnSync('lynx', ['-version']).status === 0 && spawnSync('script', ['--version']).stdout?.includes('util-linux')

const rows = 150
const columns = 100

/** A terminal as far as lynx writes to one: what stands where, and where the cursor is. */
class Terminal {
  #lines = Array.from({ length: rows }, () => [] as string[])
  #top = 0
  #bottom = rows - 1
  #y = 0
  #x = 0
  #rest = ''

  write(text: string) {
    const parts = /\x1b\[([?\d;]*)([A-Za-z])|\x1b[()][A-Z0-9]|\x1b[=>78M]|[\x00-\x1f]|[^\x00-\x1f]/gsu
    this.#rest += text
    // A sequence may come in two pieces.
    const whole = this.#rest.replace(/\x1b(?:\[[?\d;]*|[()])?$/, '')
    const now = whole
    this.#rest = this.#rest.slice(whole.length)
    for (const [part, numbers = '', command] of now.matchAll(parts)) this.#take(part, numbers, command)
  }

  #take(part: string, numbers: string, command?: string) {
    const [first, second] = numbers.split(';').map(Number)
    const by = first || 1
    const line = this.#lines[this.#y] ?? []
    if (command === 'H') [this.#y, this.#x] = [by - 1, (second || 1) - 1]
    else if (command === 'A') this.#y = Math.max(0, this.#y - by)
    else if (command === 'B') this.#y = Math.min(rows - 1, this.#y + by)
    else if (command === 'C') this.#x += by
    else if (command === 'D') this.#x = Math.max(0, this.#x - by)
    else if (command === 'K') line.length = Math.min(line.length, this.#x)
    else if (command === 'J') {
      line.length = Math.min(line.length, this.#x)
      for (let y = this.#y + 1; y < rows; y++) this.#lines[y] = []
    } else if (part === '\r') this.#x = 0
    else if (command === 'r') [this.#top, this.#bottom, this.#y, this.#x] = [by - 1, (second || rows) - 1, 0, 0]
    else if (part === '\n') this.#y === this.#bottom ? this.#scroll(this.#top, this.#bottom) : this.#y++
    else if (part === '\x1bM') this.#y === this.#top ? this.#scroll(this.#bottom, this.#top) : this.#y--
    else if (part === '\b') this.#x = Math.max(0, this.#x - 1)
    else if (!command && part >= ' ' && !part.startsWith('\x1b')) {
      while (line.length < this.#x) line.push(' ')
      line[this.#x++] = part
    }
  }

  /** One line goes, and an empty one comes at the other end of the part that scrolls. */
  #scroll(from: number, to: number) {
    this.#lines.splice(from, 1)
    this.#lines.splice(to, 0, [])
  }

  get lines(): string[] {
    return this.#lines.map((line) =>
      Array.from(line, (letter) => letter ?? ' ')
        .join('')
        .trimEnd(),
    )
  }
  /** The line that the cursor is on, after those above it. */
  above(count: number): string[] {
    return this.lines.slice(Math.max(0, this.#y - count), this.#y + 1)
  }
}

/** lynx itself, at a terminal, with nothing but its keys. */
export class RealLynx {
  readonly #child
  readonly #terminal = new Terminal()
  #last = Date.now()

  constructor(address: string) {
    const command = `stty rows ${rows} cols ${columns}; exec lynx -tna -number_links -accept_all_cookies -nopause ${address}`
    this.#child = spawn('script', ['-qfec', command, '/dev/null'], {
      env: { PATH: process.env.PATH, HOME: '/nonexistent', TERM: 'vt100', LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' },
      stdio: 'pipe',
    })
    this.#child.stdout.setEncoding('utf8').on('data', (text) => {
      this.#last = Date.now()
      this.#terminal.write(text)
    })
  }

  get screen(): string {
    return this.#terminal.lines.join('\n')
  }

  /** Presses keys, and waits until lynx has written all that it writes to that. */
  async keys(text: string) {
    this.#last = Date.now()
    this.#child.stdin.write(text)
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      if (Date.now() - this.#last > 120) return
    }
  }

  async see(text: string) {
    for (const late = Date.now() + 15_000; !this.screen.replace(/\s+/g, ' ').includes(text); ) {
      if (Date.now() > late) throw new Error(`lynx doesn’t show “${text}”:\n${this.screen.trimEnd()}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await this.keys('')
  }

  async follow(label: string) {
    const number = new RegExp(`\\[(\\d+)\\]${label}`).exec(this.screen)?.[1]
    if (!number) throw new Error(`lynx shows no link “${label}”:\n${this.screen.trimEnd()}`)
    await this.keys(`${number}\r`)
  }

  /** Goes down from link to field to button until it stands on a line with `mark`, with the label there or a little above. */
  async #goTo(label: string, mark = label, above = 0) {
    for (let n = 0; n < 100; n++) {
      const lines = this.#terminal.above(above)
      if (lines.at(-1)?.includes(mark) && lines.join(' ').includes(label)) return
      await this.keys('\x1bOB')
    }
    throw new Error(`lynx comes to no “${label}”:\n${this.screen.trimEnd()}`)
  }

  async type(label: string, text: string) {
    await this.#goTo(label, '____', 4)
    await this.keys('\r')
    // Before the field is active, digits are the numbers of links.
    await this.see('Enter text. Use UP')
    await this.keys(text)
    await this.keys('\t')
  }
  async press(button: string) {
    await this.#goTo(`(BUTTON) ${button}`)
    await this.keys('\r')
  }
  async tick(label: string) {
    await this.#goTo(label)
    await this.keys('\r')
  }

  close() {
    this.#child.kill()
  }
}
