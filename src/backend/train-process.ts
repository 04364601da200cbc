import { systemClock } from '../core/clock.ts'
import { type ErrorCode, IsoflopError } from '../core/errors.ts'
import { openCorpus } from '../corpus/corpus.ts'
import { invalidCorpus } from '../corpus/manifest.ts'
import type { Device } from '../gpt/engine.ts'
import type { Recipe } from '../gpt/recipe.ts'
import { type RunOutcome, run } from '../gpt/run.ts'

/** One training in a process of its own, which train-child.ts starts and speaks with. */

/** What to train, where, and on what. */
export interface TrainOrder {
  readonly kind: 'train'
  readonly recipe: Recipe
  readonly corpus: { readonly dir: string; readonly identity: string }
  readonly folder: string
  readonly device: Device
  readonly threads: number
}

/** What the process is told: a training, once, and to save a checkpoint and end. */
export type Order = TrainOrder | { readonly kind: 'stop' }

/** What it says last. A process that says nothing broke off. */
export type Report =
  | RunOutcome
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string; readonly advice: string }

const stop = new AbortController()

process.on('message', (order: Order) => {
  switch (order.kind) {
    case 'train':
      void train(order).then(tell)
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

async function train({ recipe, corpus: wanted, folder, device, threads }: TrainOrder): Promise<Report> {
  try {
    const corpus = await openCorpus(wanted.dir)
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
      })
    } finally {
      corpus.close()
    }
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
