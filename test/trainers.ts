import { expectLoss, outcomeOfLoss, type Purpose, type Trainer } from '../src/core/trainer.ts'
import type { TrainingConfig } from '../src/cs336/config.ts'

type Loss = (config: TrainingConfig, purpose: Purpose) => number | Promise<number>

/** A trainer whose losses a function gives; where it throws, that is what the error says. */
export const trainerOf = (loss: Loss): Trainer<TrainingConfig> => ({
  name: 'test',
  train: (config, { purpose = { round: 0, reason: '' } } = {}) => outcomeOfLoss(async () => loss(config, purpose)),
})

/** The loss that a trainer comes to; rejects where there is none. */
export const lossFrom = async (trainer: Trainer, config: TrainingConfig, asker?: string): Promise<number> =>
  expectLoss(await trainer.train(config, asker === undefined ? {} : { asker }))
