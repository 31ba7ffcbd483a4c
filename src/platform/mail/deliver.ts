/** A letter as it goes out. */
export type Message = { id: string; to: { name: string; address: string }; subject: string; text: string; html: string }

/**
 * What the mail server said to a letter, in its words. `down`: it wasn't about this letter, no other would fare better now.
 */
export type Outcome = { kind: 'accepted' | 'delayed' | 'refused'; answer: string; down?: boolean }

export type Deliver = { deliver(message: Message): Promise<Outcome>; messageId(id: string): string; close(): void }

export type DeliverOptions = {
  /** SMTP_URL, with the user and the password in it. */
  url: string
  from: { name: string; address: string }
  /** Connections to the server at once. */
  connections?: number
  /** Milliseconds: to reach the server, to hear something from it, and for one letter in all. */
  connecting?: number
  silence?: number
  letter?: number
}

/** Letters at once by default. */
export const lanes = 5

const shown = 500
/** A server may quote what it refuses; a link of ours must stand nowhere. */
const link = /[\w-]{16,36}\.\d{1,9}\.[\w-]{20,}/g
const told = (text: unknown): string =>
  String(text ?? '')
    .replace(link, '…')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, shown)

/** One address and no more: what an SMTP server reads in another way than we do is sent to nobody. */
const isOne = (address: string): boolean => /^[^\s\p{C}@<>(),;:"\\[\]]+@[^\s\p{C}@<>(),;:"\\[\]]+$/u.test(address)
/** Names come from people: one line, no endless one. */
const inOneLine = (text: string): string => text.replace(/[\s\p{Cc}]+/gu, ' ').trim()

type Failed = {
  name?: string
  code?: string
  command?: string
  responseCode?: number
  response?: string
  message?: string
}

/**
 * A refusal is for ever when the server says so (5xx) of this letter; every other failure may pass: the server's word for "later"
 * (4xx), silence, a lost connection, and what is wrong with our own set-up, such as the password.
 */
function outcomeOf(error: Failed): Outcome {
  const answer = told(error.response || error.message || error.code)
  const aboutLetter = error.code === 'EENVELOPE' || error.code === 'EMESSAGE'
  const { responseCode = 0 } = error
  if (aboutLetter && responseCode >= 500) return { kind: 'refused', answer }
  // Silence and a closed connection may be about what was said before.
  const inBetween =
    error.name === 'AbortError' || /^(Timeout|Connection closed unexpectedly)$/.test(error.message ?? '')
  return { kind: 'delayed', answer, down: !aboutLetter && !inBetween }
}

/** Sends over one server, on a few connections that stay open. It tries each letter once; when again is for the caller to say. */
export async function smtp(options: DeliverOptions): Promise<Deliver> {
  const { createTransport } = await import('nodemailer')
  const { url, from, connections = lanes, connecting = 10_000, silence = 30_000, letter = 60_000 } = options
  const transport = createTransport({
    url,
    pool: true,
    maxConnections: connections,
    maxMessages: 1000,
    // Over a fresh connection, when the server had closed the one at hand before anything of the letter was sent; only then.
    maxRequeues: 2,
    idleTimeout: 10_000,
    connectionTimeout: connecting,
    greetingTimeout: connecting,
    dnsTimeout: connecting,
    socketTimeout: silence,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  // Whoever waits for the letter hears of it.
  transport.on('error', () => {})
  const domain = from.address.slice(from.address.lastIndexOf('@') + 1)
  const messageId = (id: string) => `<${id}@${domain}>`
  return {
    messageId,
    close: () => transport.close({ force: true }),
    async deliver({ id, to, subject, text, html }) {
      if (!isOne(to.address)) return { kind: 'refused', answer: 'This isn’t one email address.' }
      try {
        const info = await transport.sendMail({
          from,
          to: { name: inOneLine(to.name).slice(0, 200), address: to.address },
          envelope: { from: from.address, to: to.address },
          subject: inOneLine(subject),
          text,
          html,
          messageId: messageId(id),
          headers: { 'Auto-Submitted': 'auto-generated' },
          signal: AbortSignal.timeout(letter),
        })
        return { kind: 'accepted', answer: told(info.response) }
      } catch (error) {
        return outcomeOf(error as Failed)
      }
    },
  }
}
