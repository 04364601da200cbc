import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { delimiter } from 'node:path'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'

/** What a command came to. */
export interface Ended {
  readonly command: string
  readonly status: number | null
  /** What it printed, and what it said beside. */
  readonly stdout: string
  readonly stderr: string
}

/** What goes on in a window of its own, and what it says when it is ready. */
const services = {
  serve: /^listening on /m,
  worker: /^worker /m,
  watch: /^http:\/\/127/m,
  fit: /^http:\/\/127/m,
} as const
type Service = keyof typeof services

/** Somebody who follows a page: a shell in a folder, and what serves in other windows, a server in the place of the one before. */
export class Reader {
  /** In the order of the page. */
  readonly done: Ended[] = []
  private readonly windows = new Map<Service, ChildProcess>()
  private readonly env: NodeJS.ProcessEnv

  folder: string
  private readonly port: number

  private constructor(folder: string, programs: string, port: number) {
    this.folder = folder
    this.port = port
    // Nothing that npm told these tests, no database, key or language of whoever runs them.
    const told = /^(npm_|NODE_|ISOFLOP|DATABASE_URL|LANG|LC_)/i
    const others = Object.entries(process.env).filter(([name]) => !told.test(name))
    this.env = { ...Object.fromEntries(others), PATH: `${programs}${delimiter}${process.env.PATH}` }
  }

  static async in(folder: string, programs: string): Promise<Reader> {
    return new Reader(folder, programs, await freePort())
  }

  /** Types a command; a server goes on behind the next ones. */
  async types(command: string): Promise<Ended> {
    const here = this.here(command)
    const service = /^npx isoflop (serve|worker|watch|fit(?=.* --open$))\b/.exec(here)?.[1] as Service | undefined
    const ended = service ? await this.begins(service, here) : await this.runs(here)
    this.done.push(ended)
    return ended
  }

  /** What a page says, with the address of this reader's server in the place of the usual one. */
  here(text: string): string {
    return text.replace(/(127\.0\.0\.1|localhost):8000\b/g, `127.0.0.1:${this.port}`)
  }

  /** Types a command, and Ctrl-C once a condition of the shell holds; status 0 where it ends as it should. */
  async typesUntil(command: string, holds: string): Promise<Ended> {
    const child = this.starts(`exec ${this.here(command)}`)
    const printed = listenTo(child)
    const closed = once(child, 'close')
    const goesOn = () => child.exitCode === null && child.signalCode === null
    while (goesOn() && (await this.runs(`${holds} >/dev/null 2>&1`)).status !== 0) await sleep(200)
    child.kill('SIGINT')
    const [status] = await closed
    const ended = { command, status: status === 130 ? 0 : (status ?? 1), ...printed() }
    this.done.push(ended)
    return ended
  }

  /** The last line of what was said that has this form. */
  lastSaid(form: RegExp): string {
    const lines = this.done.flatMap(({ stdout }) => stdout.split('\n'))
    const found = lines.map((line) => form.exec(line)?.[1]).findLast((match) => match !== undefined)
    if (found === undefined) throw new Error(`nothing said so far has the form ${form}`)
    return found
  }

  async ends(): Promise<void> {
    for (const service of this.windows.keys()) await this.stops(service)
  }

  private async stops(service: Service): Promise<void> {
    const child = this.windows.get(service)
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
  }

  private async runs(command: string): Promise<Ended> {
    const child = this.starts(command)
    const printed = listenTo(child)
    const [status] = await once(child, 'close')
    return { command, status, ...printed() }
  }

  /** Status 0 where it is ready. A server has said all that it says at its start when it answers, as it says that before. */
  private async begins(service: Service, command: string): Promise<Ended> {
    await this.stops(service)
    const line = service === 'serve' ? `${command.replace(/ --port 8000\b/, '')} --port ${this.port}` : command
    const child = this.starts(`exec ${line}`)
    this.windows.set(service, child)
    const printed = listenTo(child)
    const isReady = new Promise<void>((resolve) => {
      child.stdout!.on('data', () => services[service].test(printed().stdout) && resolve())
    })
    await Promise.race([isReady, once(child, 'close')])
    if (child.exitCode === null && service === 'serve')
      await (await fetch(`http://127.0.0.1:${this.port}/healthz`)).text()
    await setImmediate()
    return { command, status: child.exitCode ?? 0, ...printed() }
  }

  private starts(command: string): ChildProcess {
    return spawn('sh', ['-c', command], { cwd: this.folder, env: this.env, stdio: ['ignore', 'pipe', 'pipe'] })
  }
}

function listenTo({ stdout, stderr }: ChildProcess): () => Pick<Ended, 'stdout' | 'stderr'> {
  const printed = { stdout: '', stderr: '' }
  stdout!.setEncoding('utf8').on('data', (part) => {
    printed.stdout += part
  })
  stderr!.setEncoding('utf8').on('data', (part) => {
    printed.stderr += part
  })
  return () => ({ ...printed })
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
