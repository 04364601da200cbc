import { type ChildProcess, fork } from 'node:child_process'

/** After a file of more bytes than this a process is not used again: its memory is full of what was read. */
const mostForReuse = 2 ** 20

/** How long a process waits for another file, ms: starting one takes 0.1 s. */
const idleMs = 2_000

/** What is asked before another file comes; it is not answered. */
interface Close {
  readonly kind: 'close'
}

interface Said {
  readonly kind: string
}

/** Who waits for an answer. */
interface Waiting<Answer> {
  readonly resolve: (answer: Answer) => void
  readonly reject: (reason: Error) => void
}

/**
 * A process that reads files within limits of memory and time (`limits.ts`), one question at a time. Of those that run the same program
 * the last one that was used waits a while for the next file, without keeping anybody from ending.
 */
export class Confined<Question extends Said, Answer extends Said> {
  static readonly #idle = new Map<string, Confined<Said, Said>>()

  /** A process of a program that reads what is so called. */
  static take<Question extends Said, Answer extends Said>(program: URL, what: string): Confined<Question, Answer> {
    const idle = Confined.#idle.get(program.href)
    Confined.#idle.delete(program.href)
    const taken = idle?.isThere() ? idle : new Confined<Said, Said>(program, what)
    return taken as unknown as Confined<Question, Answer>
  }

  readonly #child: ChildProcess
  /** Who waits for an answer. */
  #waiting: Waiting<Answer> | null = null
  /** Why the process has ended. */
  #end: Error | null = null
  #retirement: NodeJS.Timeout | undefined

  readonly #program: string
  readonly #what: string

  private constructor(program: URL, what: string) {
    this.#program = program.href
    this.#what = what
    this.#child = fork(program, {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
      execArgv: [],
    })
    this.#child.on('message', (answer: Answer) => this.#settle((waiting) => waiting.resolve(answer)))
    this.#child.on('error', (error) => this.#ended(error))
    this.#child.on('exit', (code, signal) => this.#ended(endOf(code, signal)))
  }

  async ask<Kind extends Answer['kind']>(question: Question, kind: Kind): Promise<Extract<Answer, { kind: Kind }>> {
    if (this.#end) throw this.#end
    const answer = await new Promise<Answer>((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#child.send(question, (error) => error && this.#ended(error))
    })
    if (answer.kind === 'failed') throw new Error((answer as unknown as { readonly message: string }).message)
    if (answer.kind !== kind)
      throw new TypeError(`the process that reads ${this.#what} was asked for ${kind}, got ${answer.kind}`)
    return answer as Extract<Answer, { kind: Kind }>
  }

  /** Lets another file be read; a process that is busy with an answer that nobody wants any more, or that is not needed, is ended. */
  giveBack(bytes: number): void {
    if (this.#end) return
    if (this.#waiting || Confined.#idle.has(this.#program) || bytes > mostForReuse) {
      this.#child.kill('SIGKILL')
      return
    }
    this.#child.send({ kind: 'close' } satisfies Close, () => {})
    Confined.#idle.set(this.#program, this as unknown as Confined<Said, Said>)
    this.#child.unref()
    this.#child.channel?.unref()
    this.#retirement = setTimeout(() => this.#retire(), idleMs).unref()
  }

  /** Whether it can read another file; if so, it is kept from retiring. */
  isThere(): boolean {
    clearTimeout(this.#retirement)
    if (this.#end || !this.#child.connected) return false
    this.#child.ref()
    this.#child.channel?.ref()
    return true
  }

  #retire(): void {
    this.#forget()
    if (this.#child.connected) this.#child.disconnect()
  }

  #ended(reason: Error): void {
    this.#end ??= reason
    this.#forget()
    this.#settle((waiting) => waiting.reject(reason))
  }

  #forget(): void {
    if (Confined.#idle.get(this.#program) === (this as unknown)) Confined.#idle.delete(this.#program)
  }

  #settle(tell: (waiting: Waiting<Answer>) => void): void {
    const waiting = this.#waiting
    this.#waiting = null
    if (waiting) tell(waiting)
  }
}

/** The process ends itself by SIGKILL where its watchdog finds it beyond its limits. */
const endOf = (code: number | null, signal: string | null): Error =>
  signal === 'SIGKILL'
    ? new Error('it takes far more memory or time than a file of its size should')
    : new Error(`the process that reads it broke off, ${signal ?? `status ${code}`}`)
