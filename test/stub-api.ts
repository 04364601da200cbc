import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * A server of the handout's contract that shares no code with isoflop: its own parsing, its own law, its own ledger. It counts
 * every request, so that a test can tell whether anything was asked twice.
 */
export interface Stub {
  readonly url: string
  readonly key: string
  /** The configurations of all `/loss` requests that were answered or charged, in order, repeats too. */
  readonly asked: string[]
  /** The bodies of all submissions. */
  readonly submitted: unknown[]
  /** FLOPs charged. */
  charged: number
  /** How long a loss takes, ms. */
  delayMs: number
  /** Requests of `/loss` to answer with 429 before the next one is served. */
  busy: number
  /** Whether a query is refused as out of range, whatever it is. */
  refuses: (query: URLSearchParams) => boolean
  /** Resolves when so many losses were asked for. */
  reached(count: number): Promise<void>
  /** A query by another client with the same key. */
  elsewhere(query: Record<string, number>): Promise<Response>
  close(): void
}

// Tests look for their own key in the list of all processes.
const key = `stub-key-20931-${process.pid}`

const fields = ['d_model', 'num_layers', 'num_heads', 'batch_size', 'learning_rate', 'train_flops']
const ranges: Record<string, [number, number]> = {
  d_model: [64, 1024],
  num_layers: [2, 24],
  num_heads: [2, 16],
  learning_rate: [1e-4, 1e-3],
}
const choices: Record<string, number[]> = {
  batch_size: [128, 256],
  train_flops: [13, 14, 15, 16, 17].flatMap((p) => [1, 3, 6].map((m) => Number(`${m}e${p}`))).concat(1e18),
}

/** The law of the stub, noise-free: additive in N and D, a bowl in the rate, a price on the large batch. */
function trained([d, layers, , batch, rate, flops]: number[]): number {
  const N = 12 * layers * d ** 2
  const D = flops / (6 * (N + 32000 * d))
  const law = 1.7 + 250 / N ** 0.33 + 900 / D ** 0.31
  return law + 0.12 * Math.log(rate / 1.5e-3) ** 2 + (batch === 256 ? 0.05 : 0)
}

/** Starts a stub on a free port. */
export async function stubApi(
  options: { budget?: number; refusalStatus?: number; delayMs?: number } = {},
): Promise<Stub> {
  const { budget = 2e18, refusalStatus = 403 } = options
  const runs = new Map<string, { values: number[]; loss: number }>()
  const waiting: { count: number; resolve: () => void }[] = []

  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      response.writeHead(500).end(String(error))
    })
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://stub')
    const send = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    const given = searchParams.get('api_key')
    if (given !== key) return void send(422, { message: `Invalid API key provided: ${given}` })
    if (pathname === '/total_flops_used') {
      if (runs.size === 0) return void send(422, { message: 'This API key has not made any queries yet.' })
      return void send(200, stub.charged)
    }
    if (pathname === '/previous_runs') {
      const rows = [...runs.values()].map(({ values, loss }) => ({
        ...Object.fromEntries(fields.map((name, k) => [name, values[k]])),
        loss,
      }))
      return void send(200, { previous_runs: rows })
    }
    if (pathname === '/submission' && request.method === 'POST') {
      stub.submitted.push(JSON.parse(await textOf(request)))
      return void send(200, {})
    }
    if (pathname !== '/loss') return void send(404, { detail: 'Not Found' })
    if (stub.busy > 0) {
      stub.busy--
      return void response.writeHead(429, { 'retry-after': '0' }).end()
    }
    await loss(searchParams, send)
  }

  async function loss(query: URLSearchParams, send: (status: number, body: unknown) => void): Promise<void> {
    const values = fields.map((name) => Number(query.get(name) ?? 'missing'))
    const wrong = values.findIndex((value) => Number.isNaN(value))
    if (wrong >= 0) return send(422, { message: `${fields[wrong]} must be a number, got ${query.get(fields[wrong])}` })
    const problem = rangeProblem(values) ?? (stub.refuses(query) ? 'd_model must be something else' : null)
    if (problem !== null) return send(404, { message: problem })
    const identity = values.join(' ')
    const flops = values[5]
    let run = runs.get(identity)
    if (run === undefined) {
      if (stub.charged + flops > budget) return send(refusalStatus, { message: `FLOPs budget of ${budget} exceeded` })
      // Charged before it is answered, like a server whose client is gone when the training ends.
      run = { values, loss: trained(values) }
      runs.set(identity, run)
      stub.charged += flops
    }
    stub.asked.push(identity)
    for (const { count, resolve } of waiting) if (stub.asked.length >= count) resolve()
    if (stub.delayMs > 0) await new Promise((done) => setTimeout(done, stub.delayMs).unref())
    send(200, { loss: run.loss, total_flops_used: stub.charged })
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const stub: Stub = {
    url,
    key,
    asked: [],
    submitted: [],
    charged: 0,
    delayMs: options.delayMs ?? 0,
    busy: 0,
    refuses: () => false,
    reached: (count) =>
      stub.asked.length >= count ? Promise.resolve() : new Promise((resolve) => waiting.push({ count, resolve })),
    elsewhere: (query) => fetch(`${url}/loss?${new URLSearchParams({ ...strings(query), api_key: key })}`),
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
  return stub
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}

const strings = (query: Record<string, number>): Record<string, string> =>
  Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(value)]))

/** The contract's message for a value outside its range. */
function rangeProblem(values: number[]): string | null {
  for (const [k, name] of fields.entries()) {
    const [value, range, choice] = [values[k], ranges[name], choices[name]]
    if (range && !(value >= range[0] && value <= range[1]))
      return `${name} must be in range [${range[0]}, ${range[1]}], got ${value}`
    if (choice && !choice.includes(value)) return `${name} must be one of [${choice.join(', ')}], got ${value}`
  }
  return null
}
