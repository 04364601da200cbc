import { Worker } from 'node:worker_threads'

/** What a process may take. */
export interface Allowance {
  /** Bytes. */
  readonly memory: number
  /** Processor time from now on, ms; and how much of it when it is late. */
  readonly cpuMs: number
  readonly lateCpuMs: number
}

/**
 * When it is late, s: whoever waits for a small file waits no longer than 5 s. One second of processor time took 6.7 s where eight
 * processes shared a processor; a file that is only kept waiting by others has used nearly none, and goes on.
 */
const lateAfter = 3

/**
 * What ends the process: bytes of memory; processor time in ms since it began, and less of it from a moment on, which is in s since then.
 */
const limits = new Float64Array(new SharedArrayBuffer(32)).fill(Number.POSITIVE_INFINITY)

// A thread of its own, because the reader may be in a loop that never ends.
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
const watchdog = new Worker(new URL(`./watchdog.${extension}`, import.meta.url), { workerData: limits })
const isWatched = new Promise((resolve) => watchdog.once('message', resolve))

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** When the file that is read was asked for, s since the process began; the first one waits for the process, too. */
let asked = 0
let isFirst = true
let isOpen = false

/** Ends this process where it takes more than is allowed. Resolves once somebody watches that. */
export async function confine(allowed: Allowance): Promise<void> {
  await isWatched
  // Of the file before this one something may still be there to be collected.
  limits[0] = Math.max(allowed.memory, process.memoryUsage.rss() + 2 ** 28)
  limits[1] = cpuMs() + allowed.cpuMs
  limits[2] = cpuMs() + allowed.lateCpuMs
  limits[3] = asked + lateAfter
}

/** Allows more processor time, ms, for what was really read. */
export function allow(ms: number): void {
  limits[1] += ms
  limits[2] += ms
}

/** What this process did so far counts no longer, not even for receiving another file. */
function release(): void {
  limits.fill(Number.POSITIVE_INFINITY)
  isOpen = false
}

/** Answers questions, one at a time, until who asked goes away. `close` is not answered: another file may come after it. */
export function answerQuestions<Question extends { readonly kind: string }>(
  answer: (question: Question) => Promise<object>,
): void {
  process.on('message', (question: Question | { readonly kind: 'close' }) => {
    if (question.kind === 'close') {
      release()
      return
    }
    if (!isOpen) asked = isFirst ? 0 : process.uptime()
    isFirst = false
    isOpen = true
    answer(question as Question)
      .catch((error: unknown) => ({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }))
      .then((said) => process.send?.(said, undefined, undefined, (error) => error && process.exit(1)))
  })
  process.on('disconnect', () => process.exit())
  // Ctrl-C reaches every process of the terminal; who asked decides what becomes of it.
  process.on('SIGINT', () => {})
}
