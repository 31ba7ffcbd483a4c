import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Socket } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import type { Hono } from 'hono'
import { networkOf } from './address.ts'
import type { App } from './app-context.ts'

const perNetwork = 200
/** A body must come at this rate, in bytes a second, once `patience` ms have passed; a slow line may take 15 minutes. */
const least = 1000
const patience = 10_000
const longest = 15 * 60_000

/** The HTTP server with the limits of. `exempt` says which peers (trusted proxies) may hold many connections. */
export function createHttpServer(app: Hono<App>, exempt: (address: string) => boolean): Server {
  const server = createAdaptorServer({
    fetch: app.fetch as never,
    createServer,
    serverOptions: {
      headersTimeout: 10_000,
      requestTimeout: longest,
      connectionsCheckingInterval: 2_000,
      keepAliveTimeout: 65_000,
      maxHeaderSize: 16 * 1024,
    },
  }) as Server
  server.maxConnections = 1_000
  limitPerNetwork(server, exempt)
  server.prependListener('request', watchBody)
  server.on('clientError', (error: Error & { code?: string }, socket: Socket) => {
    if (!socket.writable) return
    const line =
      error.code === 'HPE_HEADER_OVERFLOW'
        ? '431 Request Header Fields Too Large'
        : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
          ? '408 Request Timeout'
          : '400 Bad Request'
    socket.end(`HTTP/1.1 ${line}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  })
  return server
}

function limitPerNetwork(server: Server, exempt: (address: string) => boolean) {
  const open = new Map<string, number>()
  server.on('connection', (socket) => {
    const address = socket.remoteAddress ?? ''
    if (exempt(address)) return
    const network = networkOf(address.replace(/^::ffff:/i, ''))
    const count = (open.get(network) ?? 0) + 1
    if (count > perNetwork) {
      socket.destroy()
      return
    }
    open.set(network, count)
    socket.once('close', () => {
      const left = (open.get(network) ?? 1) - 1
      if (left > 0) open.set(network, left)
      else open.delete(network)
    })
  })
}

/** Ends a request whose body trickles in to keep the connection busy. */
function watchBody(request: IncomingMessage) {
  if (!request.headers['transfer-encoding'] && !Number(request.headers['content-length'] ?? 0)) return
  const began = Date.now()
  const socket = request.socket
  const already = socket.bytesRead
  const timer = setInterval(() => {
    if (request.complete || request.destroyed) return clearInterval(timer)
    const elapsed = Date.now() - began
    if (elapsed > patience && (socket.bytesRead - already) / (elapsed / 1000) < least) socket.destroy()
  }, 1000)
  timer.unref()
  const stop = () => clearInterval(timer)
  request.once('end', stop)
  request.once('close', stop)
}
