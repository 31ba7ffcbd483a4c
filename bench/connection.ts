// One connection to the program, for load generators light enough to share two cores with what they measure.
import { connect } from 'node:net'

/** Where the first whole answer in `buffer` ends, or 0. */
function endOfAnswer(buffer: Buffer): number {
  const head = buffer.indexOf('\r\n\r\n')
  if (head < 0) return 0
  const headers = buffer.toString('latin1', 0, head).toLowerCase()
  const length = /content-length: (\d+)/.exec(headers)
  if (length) return buffer.length >= head + 4 + Number(length[1]) ? head + 4 + Number(length[1]) : 0
  const last = buffer.indexOf('0\r\n\r\n', head + 2)
  return last < 0 || !buffer.subarray(-5).equals(Buffer.from('0\r\n\r\n')) ? 0 : buffer.length
}

export type Answer = { status: number; bytes: number; ms: number }

/** Kept alive, one request at a time. `send` takes the whole text of a request. */
export function connection(port: string) {
  const socket = connect(Number(port), '127.0.0.1')
  socket.setNoDelay(true)
  let got = Buffer.alloc(0)
  let began = 0
  let answered: ((answer: Answer) => void) | undefined
  let failed: ((error: Error) => void) | undefined
  socket.on('data', (chunk) => {
    got = got.length ? Buffer.concat([got, chunk]) : chunk
    if (!endOfAnswer(got)) return
    const answer = { status: Number(got.toString('latin1', 9, 12)), bytes: got.length, ms: performance.now() - began }
    got = Buffer.alloc(0)
    answered?.(answer)
  })
  socket.on('error', (error) => failed?.(error))
  socket.on('close', () => failed?.(new Error('the program closed the connection')))
  return {
    send: (request: string) =>
      new Promise<Answer>((resolve, reject) => {
        answered = resolve
        failed = reject
        began = performance.now()
        socket.write(request)
      }),
    end: () => socket.end(),
  }
}
