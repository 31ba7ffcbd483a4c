import type { AddressInfo, Socket } from 'node:net'
import { SMTPServer } from 'smtp-server'

export type Got = {
  messageId: string
  to: string
  from: string
  headers: string
  text: string
  html: string
  subject: string
}

/** What a server does with a letter to this address: takes it, refuses it in these words, never answers, or goes away in the middle. */
export type Manner = 'takes' | 'hangs' | 'drops' | { code: number; says: string; at?: 'rcpt' | 'data' }

const decoded = (part: string): string => {
  const [head = '', ...rest] = part.split('\r\n\r\n')
  const body = rest.join('\r\n\r\n')
  if (/base64/i.test(head)) return Buffer.from(body, 'base64').toString('utf8')
  if (!/quoted-printable/i.test(head)) return body
  const bytes = body
    .replace(/=\r\n/g, '')
    .replace(/=([\dA-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

function read(raw: string, from: string, to: string): Got {
  const headers = (raw.split('\r\n\r\n')[0] ?? '').replace(/\r\n[ \t]+/g, ' ')
  const boundary = /boundary="([^"]+)"/.exec(headers)?.[1] ?? ''
  const [, text = '', html = ''] = raw.split(`--${boundary}`)
  const header = (name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(headers)?.[1]?.trim() ?? ''
  return {
    ...{ from, to, headers },
    messageId: header('message-id'),
    subject: header('subject'),
    text: decoded(text.replace(/^\r\n/, '')),
    html: decoded(html.replace(/^\r\n/, '')),
  }
}

/** A mail server of the test's own; `manner` may be changed while it runs. */
export async function mailServer(manner: (to: string) => Manner = () => 'takes', port = 0) {
  const got: Got[] = []
  const sockets = new Set<Socket>()
  let tried = 0
  const found = { manner }
  const refusal = ({ code, says }: { code: number; says: string }) =>
    Object.assign(new Error(says), { responseCode: code })
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    logger: false,
    closeTimeout: 100,
    onRcptTo({ address }, _, answer) {
      tried++
      const how = found.manner(address)
      answer(typeof how === 'object' && how.at !== 'data' ? refusal(how) : null)
    },
    onData(stream, session, answer) {
      const to = session.envelope.rcptTo.map(({ address }) => address).join(',')
      const from = session.envelope.mailFrom ? session.envelope.mailFrom.address : ''
      const how = found.manner(to)
      const pieces: Buffer[] = []
      stream.on('data', (piece: Buffer) => {
        pieces.push(piece)
        if (how === 'drops') for (const socket of sockets) socket.destroy()
      })
      stream.on('end', () => {
        if (how === 'hangs' || how === 'drops') return
        if (typeof how === 'object') return answer(refusal(how))
        got.push(read(Buffer.concat(pieces).toString('utf8'), from, to))
        answer(null, `2.0.0 Ok: queued as ${got.length}`)
      })
    },
  })
  server.on('error', () => {})
  server.server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', () => resolve()))
  const at = (server.server.address() as AddressInfo).port
  return {
    got,
    port: at,
    url: `smtp://127.0.0.1:${at}`,
    tried: () => tried,
    behave: (how: (to: string) => Manner) => {
      found.manner = how
    },
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}
export type MailServer = Awaited<ReturnType<typeof mailServer>>
