import type { AnswerRecord } from '../client/record.ts'
import type { Config } from '../core/config.ts'
import { IsoflopError } from '../core/errors.ts'
import {
  cancelledRun,
  expectOutcome,
  isCancelled,
  type Outcome,
  outcomeOf,
  spentOf,
  type TrainedRun,
  type Trainer,
} from '../core/trainer.ts'
import type { Codec } from '../space/codec.ts'
import type { Cancellations } from './cancellations.ts'

export interface RecordedOptions {
  readonly record: AnswerRecord
  readonly cancelled: Cancellations
  readonly codec: Codec
  /** Runs that the trainer has made already: their outcomes are taken, not asked for. */
  readonly previous: readonly TrainedRun[]
  /** FLOPs: what may be spent in all, and has been. */
  readonly budget: number
  readonly spent: number
}

/**
 * A trainer that remembers: an outcome is recorded, made before a crash, or asked for now and recorded before it counts. It never
 * passes the budget, which other users of the trainer share.
 */
export function recorded(
  trainer: Trainer,
  { record, cancelled, codec, previous, budget, spent: before }: RecordedOptions,
): Trainer {
  const made = new Map(previous.map(({ config, loss }) => [codec.identity(config), loss]))
  let spent = before

  const ask: Trainer['train'] = async (config, request) => {
    if (request?.cancel?.aborted && trainer.cancels !== true) return cancelledRun(codec.folderName(config))
    if (spent + config.trainFlops > budget) return { kind: 'exhausted', error: overBudget(config, spent, budget) }
    spent += config.trainFlops
    const outcome = expectOutcome(await trainer.train(config, request))
    // A refusal costs nothing; an answer that could not be read may have cost something. The trainer knows.
    if (outcome.kind === 'lost') spent -= config.trainFlops - spentOf(outcome, config)
    if (outcome.kind === 'refused' || outcome.kind === 'exhausted' || outcome.kind === 'interrupted')
      spent = Math.max(spent - config.trainFlops, (await trainer.spentFlops?.()) ?? 0)
    return outcome
  }

  return {
    ...trainer,
    async train(config, request = {}) {
      const identity = codec.identity(config)
      // Who made a run knows best what came of it; the record is for whoever does not remember.
      const loss = made.get(identity) ?? record.get(identity)
      if (record.get(identity) !== undefined && loss !== undefined) return outcomeOf(loss)
      const ended = cancelled.get(identity)
      if (loss === undefined && ended !== undefined) return ended
      const outcome: Outcome = loss === undefined ? await ask(config, request) : outcomeOf(loss)
      if (outcome.kind === 'finished') record.add(config, outcome.loss, { ...request.purpose })
      else if (outcome.kind === 'diverged') record.add(config, Number.NaN, { ...request.purpose })
      else if (isCancelled(outcome)) cancelled.add(config, outcome)
      return outcome
    },
  }
}

const overBudget = (config: Config, spent: number, budget: number): IsoflopError =>
  new IsoflopError(
    'BUDGET_EXCEEDED',
    `a query of ${config.trainFlops} FLOPs would pass --budget ${budget}: the key has spent ${spent}, other runs than this campaign's included.`,
    'Raise --budget, or use a key of its own for the campaign.',
  )
