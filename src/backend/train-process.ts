import { systemClock } from '../core/clock.ts'
import { type ErrorCode, IsoflopError } from '../core/errors.ts'
import type { CurvePoint } from '../core/trainer.ts'
import { openCorpus } from '../corpus/corpus.ts'
import { invalidCorpus } from '../corpus/manifest.ts'
import { curveOf } from '../gpt/curve.ts'
import { type Device, openEngine } from '../gpt/engine.ts'
import { gemmPeak } from '../gpt/gemm-peak.ts'
import type { Recipe } from '../gpt/recipe.ts'
import { type RunOutcome, run } from '../gpt/run.ts'
import { stepsIn } from '../gpt/run-folder.ts'

/** A process of its own for one training, or to see whether the device trains; train-child.ts starts it and speaks with it. */

/** What to train, where, and on what. */
export interface TrainOrder {
  readonly kind: 'train'
  readonly recipe: Recipe
  readonly corpus: { readonly dir: string; readonly identity: string }
  readonly folder: string
  readonly device: Device
  readonly threads: number
}

/** Where to train: what can go wrong before there is anything to train. */
export interface ProbeOrder {
  readonly kind: 'probe'
  readonly device: Device
  readonly threads: number
}

/** What the process is told: one thing to do, and to save a checkpoint and end. */
export type Order = TrainOrder | ProbeOrder | { readonly kind: 'stop' }

/** An engine that works. */
export interface EngineReport {
  readonly kind: 'works'
  /** For people: `onnxruntime-node 1.30.0 on cpu, 2 threads`. */
  readonly engine: string
  /** What people should know of it, if anything. */
  readonly note: string | null
  /** FLOP/s of large matrix products. */
  readonly peak: number
}

/** How far a training is; said once a second at most. */
export interface CurveReport {
  readonly kind: 'curve'
  readonly curve: readonly CurvePoint[]
}

/** What it says last. A process that says nothing broke off. */
export type Report =
  | RunOutcome
  | EngineReport
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string; readonly advice: string }

const stop = new AbortController()

process.on('message', (order: Order) => {
  switch (order.kind) {
    case 'train':
      void reported(() => train(order)).then(tell)
      break
    case 'probe':
      void reported(() => probe(order)).then(tell)
      break
    case 'stop':
      stop.abort()
  }
})
// A server that was killed leaves nobody to train for; its next start goes on from the checkpoint.
process.on('disconnect', () => stop.abort())
process.on('SIGTERM', () => stop.abort())
// Ctrl-C reaches every process of the terminal; the server is the one to decide what becomes of it.
process.on('SIGINT', () => {})

/** How often to say how far a training is, ms. */
const curveEveryMs = 1000

async function train({ recipe, corpus: wanted, folder, device, threads }: TrainOrder): Promise<RunOutcome> {
  const corpus = await openCorpus(wanted.dir)
  const curve = curveOf(recipe)
  let toldAt = Number.NEGATIVE_INFINITY
  try {
    if (corpus.identity !== wanted.identity) throw invalidCorpus(`${wanted.dir} was changed while the server runs`)
    return await run({
      recipe,
      corpus,
      folder,
      resume: true,
      device,
      threads,
      clock: systemClock,
      signal: stop.signal,
      onStep(report) {
        if (report.step > 1 && curve.isEmpty)
          curve.addAll(stepsIn(folder)) // it was begun before; the folder has this step, too
        else curve.add(report)
        const now = systemClock.now()
        if (now - toldAt < curveEveryMs && now >= toldAt) return
        toldAt = now
        if (process.connected) process.send!({ kind: 'curve', curve: curve.points() } satisfies CurveReport)
      },
      onDamage: ({ message, advice }) => process.stderr.write(`${message} ${advice}\n`),
    })
  } finally {
    corpus.close()
  }
}

async function probe({ device, threads }: ProbeOrder): Promise<EngineReport> {
  const engine = await openEngine({ device, threads })
  return { kind: 'works', engine: engine.name, note: engine.note, peak: await gemmPeak(engine, systemClock) }
}

/** What a deed came to, or the error that it is for people to know. */
async function reported(deed: () => Promise<Report>): Promise<Report> {
  try {
    return await deed()
  } catch (error) {
    if (!(error instanceof IsoflopError)) throw error
    const { code, message, advice } = error
    return { kind: 'failed', code, message, advice }
  }
}

/** Says what became of it, and lets the process end. */
function tell(report: Report): void {
  if (process.connected) process.send!(report, () => process.disconnect())
}
