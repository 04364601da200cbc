import { type ChildProcess, fork } from 'node:child_process'
import { IsoflopError } from '../core/errors.ts'
import type { CurvePoint } from '../core/trainer.ts'
import type { RunOutcome } from '../gpt/run.ts'
import type { CurveReport, EngineReport, Order, ProbeOrder, Report, TrainOrder } from './train-process.ts'

/** How much of what a process said last is kept, in characters. */
const mostSaid = 2000

/** Who waits for a training, and for how long once it is asked to end. */
interface Watching {
  readonly signal: AbortSignal
  readonly stopMs: number
  /** Told how far it is, once a second at most. */
  readonly onCurve?: (curve: readonly CurvePoint[]) => void
}

/**
 * Trains in a process of its own: training keeps a thread busy for seconds, and what breaks it, such as a lack of memory, ends
 * that process alone. Aborting asks for a checkpoint and an end, which is waited for as long as `stopMs`.
 *
 * @throws IsoflopError TRAINING_FAILED where the process broke off, its cause being what it said last; TRAINING_RUNNING.
 */
export async function trainInChild(order: TrainOrder, watching: Watching): Promise<RunOutcome> {
  const { report, reason, said } = await inChild(order, watching)
  if (report === null) throw brokeOff(reason, new Error(said || reason))
  switch (report.kind) {
    case 'ended':
    case 'interrupted':
      return report
    case 'works':
      throw new TypeError('a training reported an engine')
    case 'failed':
      throw report.code === 'TRAINING_RUNNING' ? errorOf(report) : brokeOff(report.code, errorOf(report))
  }
}

/**
 * Sees whether a device trains at all, in a process of its own, which takes a second or two.
 *
 * @throws IsoflopError DEVICE_UNAVAILABLE
 */
export async function probeInChild(order: ProbeOrder): Promise<EngineReport> {
  const { report, reason, said } = await inChild(order)
  if (report?.kind === 'works') return report
  if (report?.kind === 'failed') throw errorOf(report)
  throw new IsoflopError(
    'DEVICE_UNAVAILABLE',
    `ONNX Runtime cannot train on ${order.device}: its process broke off (${reason}).`,
    'What it said last is in the cause; another --device may work.',
    { cause: new Error(said || reason) },
  )
}

const errorOf = ({ code, message, advice }: Report & { kind: 'failed' }): IsoflopError =>
  new IsoflopError(code, message, advice)

/** Gives a process an order, and waits for its end. */
async function inChild(order: Order, watching?: Watching): Promise<End> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js' // sources in a clone, built files in a package
  const child = fork(new URL(`./train-process.${extension}`, import.meta.url), {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const ended = endOf(child, watching?.onCurve)
  let patience: NodeJS.Timeout | undefined
  const stop = () => {
    send(child, { kind: 'stop' })
    patience = setTimeout(() => child.kill('SIGKILL'), watching?.stopMs)
  }
  watching?.signal.addEventListener('abort', stop)
  try {
    send(child, order)
    if (watching?.signal.aborted) stop()
    return await ended
  } finally {
    clearTimeout(patience)
    watching?.signal.removeEventListener('abort', stop)
  }
}

/** A process that has ended by itself is not there to be told anything. */
function send(child: ChildProcess, order: Order): void {
  if (child.connected) child.send(order, () => {})
}

interface End {
  readonly report: Report | null
  /** Why it ended, for people. */
  readonly reason: string
  /** Its last words on stderr. */
  readonly said: string
}

function endOf(child: ChildProcess, onCurve: Watching['onCurve']): Promise<End> {
  let report: Report | null = null
  let said = ''
  child.on('message', (message: Report | CurveReport) => {
    if (message.kind === 'curve') onCurve?.(message.curve)
    else report = message
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk).slice(-mostSaid)
  })
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(brokeOff('its process cannot be started', cause)))
    child.once('close', (status, signal) => {
      const reason = signal === null ? `exit status ${status}` : `ended by ${signal}`
      resolve({ report, reason, said: said.trim() })
    })
  })
}

const brokeOff = (reason: string, cause: Error): IsoflopError =>
  new IsoflopError(
    'TRAINING_FAILED',
    `Training of this configuration broke off (${reason}). Nothing was charged; ask again, and it goes on from its last checkpoint.`,
    'Look at what the server printed: memory and disk are the usual reasons.',
    { cause },
  )
