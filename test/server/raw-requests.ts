import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { type Random, random } from '../../src/core/random.ts'

/** Requests as bytes, by somebody who has no key and does not keep to HTTP. */

const longest = 60_000
const fields = ['d_model', 'num_layers', 'num_heads', 'batch_size', 'learning_rate', 'train_flops', 'predicted_loss']
const paths = [
  '/loss',
  '/total_flops_used',
  '/previous_runs',
  '/submission',
  '/leaderboard',
  '/healthz',
  '/docs/json',
  '/',
  '//',
  '/%2e%2e/etc/passwd',
]
const methods = ['GET', 'POST', 'HEAD', 'PUT', 'OPTIONS', 'DELETE', 'PRI', 'get']

const pieces: readonly ((n: number) => string)[] = [
  (n) => '1'.repeat(n),
  (n) => `${'9'.repeat(n)}x`,
  (n) => ' '.repeat(n),
  (n) => '%20'.repeat(n / 3),
  (n) => '%'.repeat(n),
  (n) => '&a='.repeat(n / 3),
  (n) => '['.repeat(n),
  (n) => '{"a":'.repeat(n / 5),
  (n) => '\\"'.repeat(n / 2),
  (n) => '../'.repeat(n / 3),
  (n) => '\0'.repeat(n),
  (n) => '\u00e9'.repeat(n / 2),
  () => '1e999',
  () => 'null',
  () => 'NaN',
]

/** The k-th request. */
export function rawRequest(k: number): Buffer {
  const source = random(k)
  const { integer } = source
  const pick = <T>(list: readonly T[]): T => list[integer(list.length)]
  const piece = (most: number) => pick(pieces)(1 + integer(most))
  const query = Array.from(
    { length: integer(9) },
    () => `${pick(fields)}=${integer(4) ? encodeURIComponent(piece(500)) : piece(1500)}`,
  ).join('&')
  const body = bodyOf(source, piece)
  const headers = [
    'host: x',
    'connection: close',
    `content-type: ${pick(['application/json', 'text/plain', 'application/x-www-form-urlencoded', ''])}`,
    ...(integer(3) ? [`content-length: ${Buffer.byteLength(body)}`] : ['transfer-encoding: chunked']),
    ...Array.from(
      { length: integer(4) },
      () =>
        `${pick(['x-api-key', 'x-api-key', 'cookie', 'accept', 'range', 'if-match', 'expect'])}: ${integer(4) ? piece(2000).replace(/[^!-~]/g, 'x') : piece(2000)}`,
    ),
  ]
  const request = Buffer.from(
    `${pick(methods)} ${pick(paths)}?${query} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n${body}`,
  )
  // Every fourth one has some bytes that are others.
  for (let times = k % 4 === 0 ? 1 + integer(5) : 0; times > 0; times--) request[integer(request.length)] = integer(256)
  return request
}

function bodyOf({ integer }: Random, piece: (most: number) => string): string {
  switch (integer(4)) {
    case 0:
      return ''
    case 1:
      return piece(longest)
    case 2:
      return JSON.stringify(Object.fromEntries(fields.map((field) => [field, piece(longest / 10)])))
    default:
      return `{"${fields[integer(fields.length)]}":${piece(longest)}}`
  }
}

/** Sends bytes and waits for the connection's end; gives the status of the answer, null where there was none. */
export const sendRaw = (url: string, bytes: Uint8Array): Promise<number | null> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(url)
    let answer = ''
    const socket = connect(Number(port), hostname, () => socket.end(bytes))
    socket.on('data', (part) => {
      if (answer.length < 20) answer += part.toString('latin1')
    })
    socket.on('error', () => {}) // the server may close while more is sent
    socket.on('close', () => resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? Number.NaN) || null))
    socket.setTimeout(20_000, () => socket.destroy())
  })

/** Processor time that a process has taken, ms, in steps of 10. */
export function cpuMs(pid: number): number {
  const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13).map(Number)
  return 10 * (user + system)
}

export interface Attack {
  /** How many answers had which status. */
  readonly statuses: Readonly<Record<string, number>>
  /** The most processor time that the server took for one request, ms. */
  readonly mostMs: number
  /** In the mean. */
  readonly meanMs: number
}

/** Sends requests one after the other, and looks what each costs the server. */
export async function attack(url: string, pid: number, count: number, first = 0): Promise<Attack> {
  const statuses: Record<string, number> = {}
  const began = cpuMs(pid)
  let mostMs = 0
  for (let k = first; k < first + count; k++) {
    const request = rawRequest(k)
    const before = cpuMs(pid)
    const status = String(await sendRaw(url, request))
    mostMs = Math.max(mostMs, cpuMs(pid) - before)
    statuses[status] = (statuses[status] ?? 0) + 1
  }
  return { statuses, mostMs, meanMs: (cpuMs(pid) - began) / count }
}
