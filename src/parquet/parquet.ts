import { type ChildProcess, fork } from 'node:child_process'
import { statSync } from 'node:fs'
import type { Answer, Question, RowsAnswer } from './process.ts'

/** Some rows of a file: the columns that were chosen, from the row `start` on, which is the first one for 0. */
export type ParquetRows = Omit<RowsAnswer, 'kind'>

/** Shown the names of the columns and the number of rows, and given the first rows of columns that it asks for, says which are wanted. */
export type ChooseColumns = (
  names: readonly string[],
  rows: number,
  sample: (columns: readonly string[]) => Promise<ParquetRows>,
) => readonly string[] | Promise<readonly string[]>

/**
 * Reads Parquet of any codec, a few thousand rows at a time: a file by its path, or its bytes. `choose` says which columns are wanted.
 *
 * It is read in a process of its own with limits that grow with the file (`process.ts`), because a few bytes of it can ask for gigabytes
 * or for ever: the number of rows, the length of a run and the size of a page are what the file says they are. Of 1,284 bytes one
 * reader made 2.5 GB, and never ended on others.
 *
 * @example for await (const { size, columns } of readParquet('runs.parquet', (names) => names)) ...
 *
 * Throws an Error that says what is wrong with the file, and whatever `choose` throws.
 */
export async function* readParquet(file: string | Uint8Array, choose: ChooseColumns): AsyncGenerator<ParquetRows> {
  const bytes = typeof file === 'string' ? statSync(file).size : file.length
  const reader = ParquetReader.take()
  try {
    const { names, rows } = await reader.ask({ kind: 'open', file, bytes }, 'opened')
    const sample = (columns: readonly string[]) => reader.ask({ kind: 'sample', columns }, 'rows')
    await reader.ask({ kind: 'choose', columns: await choose(names, rows, sample) }, 'chosen')
    for (let done = 0; done < rows; ) {
      const part = await reader.ask({ kind: 'next' }, 'rows')
      done += part.size
      yield part
    }
  } finally {
    reader.giveBack(bytes)
  }
}

/** After a file of more bytes than this a process is not used again: its memory is full of what was read. */
const mostForReuse = 2 ** 20

/** How long a process waits for another file, ms: starting one takes 0.1 s. */
const idleMs = 2_000

/** A process that reads; the last one that was used waits a while for the next file, without keeping anybody from ending. */
class ParquetReader {
  static #idle: ParquetReader | null = null

  static take(): ParquetReader {
    const reader = ParquetReader.#idle
    ParquetReader.#idle = null
    return reader?.isThere() ? reader : new ParquetReader()
  }

  readonly #child: ChildProcess
  /** Who waits for an answer. */
  #waiting: PromiseWithResolvers<Answer> | null = null
  /** Why the process has ended. */
  #end: Error | null = null
  #retirement: NodeJS.Timeout | undefined

  constructor() {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js' // sources in a clone, built files in a package
    this.#child = fork(new URL(`./process.${extension}`, import.meta.url), {
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
    this.#waiting = Promise.withResolvers()
    this.#child.send(question, (error) => error && this.#ended(error))
    const answer = await this.#waiting.promise
    if (answer.kind === 'failed') throw new Error(answer.message)
    if (answer.kind !== kind)
      throw new TypeError(`the process that reads Parquet was asked for ${kind}, got ${answer.kind}`)
    return answer as Extract<Answer, { kind: Kind }>
  }

  /** Lets another file be read; a process that is busy with an answer that nobody wants any more, or that is not needed, is ended. */
  giveBack(bytes: number): void {
    if (this.#end) return
    if (this.#waiting || ParquetReader.#idle || bytes > mostForReuse) {
      this.#child.kill('SIGKILL')
      return
    }
    this.#child.send({ kind: 'close' } satisfies Question, () => {})
    ParquetReader.#idle = this
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
    if (ParquetReader.#idle === this) ParquetReader.#idle = null
    if (this.#child.connected) this.#child.disconnect()
  }

  #ended(reason: Error): void {
    this.#end ??= reason
    if (ParquetReader.#idle === this) ParquetReader.#idle = null
    this.#settle((waiting) => waiting.reject(reason))
  }

  #settle(tell: (waiting: PromiseWithResolvers<Answer>) => void): void {
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
