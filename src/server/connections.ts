import { createServer, type RequestListener, type Server } from 'node:http'
import type { Socket } from 'node:net'
import { IsoflopError } from '../core/errors.ts'
import { endWith } from './malformed.ts'
import { amongAddresses, networkOf } from './network.ts'

export interface ConnectionLimits {
  /** How long a request may take to arrive, ms. Its answer may take hours. */
  readonly requestMs: number
  /** How long answers may take once the server closes, ms. */
  readonly graceMs: number
  /** Connections in all, and from one address. */
  readonly most: number
  readonly mostByAddress: number
}

/** The connections of a server, on however many addresses it listens. */
export interface Connections {
  /** Makes a server whose connections these are. */
  serve(listener: RequestListener): Server
  readonly open: number
  /** Listens no more, ends what is idle at once and the rest when it is answered, or when `graceMs` have passed. Resolves when none is left. */
  close(): Promise<void>
}

/**
 * Limits that hold on this machine: most of the descriptors that a process may have are connections, half of those may come from one
 * address. Files, the database and trainings need some, and a server without descriptors can answer nobody.
 */
export function usualLimits(openFiles = mostOpenFiles()): ConnectionLimits {
  const most = Math.min(20_000, Math.floor(0.75 * openFiles))
  return { requestMs: 30_000, graceMs: 10_000, most, mostByAddress: Math.floor(most / 2) }
}

/** The process's limit of descriptors; where the system tells none, one that every system has. */
function mostOpenFiles(): number {
  const report: typeof process.report & { excludeNetwork?: boolean } = process.report
  report.excludeNetwork = true // looking up who is connected takes a second on some machines
  const { userLimits } = report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } }
  const soft = userLimits?.open_files?.soft
  return typeof soft === 'number' ? soft : 1024
}

interface Connection {
  readonly network: Network
  /** Requests in flight. */
  requests: number
}

/** The connections of one address. */
interface Network {
  open: number
  readonly idle: Set<Socket>
}

/** Ends the first of these connections, which then counts no more; whether there was one. */
function endFirst(idle: Set<Socket>): boolean {
  const [first] = idle
  first?.destroy()
  return first !== undefined && idle.delete(first)
}

/**
 * Node's own closing leaves connections open that have never sent a request, and switches its time-outs off at the same moment: one
 * idle connection kept a server alive for ever. So connections are counted here.
 */
export function createConnections(limits: ConnectionLimits, proxies: readonly string[] = []): Connections {
  const { requestMs, graceMs, most, mostByAddress } = limits
  const isProxy = amongAddresses(proxies) // behind it are as many clients as there are
  const servers: Server[] = []
  const all = new Map<Socket, Connection>()
  /** Those without a request in flight; the one that has been idle for longest comes first. */
  const idle = new Set<Socket>()
  const networks = new Map<string, Network>()
  let closing: Promise<void> | null = null
  let allGone = () => {}

  const add = (socket: Socket) => {
    const address = socket.remoteAddress ?? ''
    const name = networkOf(address)
    const mostHere = isProxy(address) ? most : mostByAddress
    const network = networks.get(name) ?? { open: 0, idle: new Set() }
    const isFull = network.open >= mostHere ? !endFirst(network.idle) : all.size >= most && !endFirst(idle)
    if (isFull || closing) return refuse(socket)
    network.open++
    networks.set(name, network)
    all.set(socket, { network, requests: 0 })
    for (const set of [idle, network.idle]) set.add(socket)
    socket.once('close', () => {
      all.delete(socket)
      for (const set of [idle, network.idle]) set.delete(socket)
      if (--network.open === 0) networks.delete(name)
      if (all.size === 0) allGone()
    })
  }

  const begun: RequestListener = ({ socket }, response) => {
    const connection = all.get(socket)
    if (connection === undefined) return
    connection.requests++
    for (const set of [idle, connection.network.idle]) set.delete(socket)
    response.once('close', () => {
      if (--connection.requests > 0 || !all.has(socket)) return
      for (const set of [idle, connection.network.idle]) set.add(socket)
      if (closing) socket.destroySoon() // its answer had begun before, and did not say that it is the last
    })
  }

  const end = async () => {
    const gone = new Promise<void>((resolve) => {
      allGone = resolve
    })
    for (const server of servers) server.close()
    for (const socket of idle) socket.destroy()
    const late = setTimeout(() => {
      for (const socket of all.keys()) socket.destroy()
    }, graceMs)
    if (all.size > 0) await gone
    clearTimeout(late)
  }

  return {
    get open() {
      return all.size
    },
    serve(listener) {
      const server = createServer(
        {
          keepAlive: true, // routers on the way are shown that a connection lives whose answer takes hours
          keepAliveInitialDelay: 30_000,
          keepAliveTimeout: 72_000,
          requestTimeout: requestMs,
          headersTimeout: requestMs,
          connectionsCheckingInterval: Math.ceil(requestMs / 10),
        },
        listener,
      )
      server.on('connection', add)
      server.prependListener('request', begun)
      servers.push(server)
      return server
    },
    close() {
      closing ??= end()
      return closing
    },
  }
}

/** Answers a connection that is one too many, and ends it. */
function refuse(socket: Socket): void {
  const { message } = new IsoflopError(
    'TOO_MANY_CONNECTIONS',
    'This server has as many connections as it can have, or as it takes from one address.',
    'Close some, and try again.',
  )
  socket.on('error', () => {}) // it may be gone already
  endWith(socket, 503, 'Service Unavailable', message)
}
