/** What every training run has, whatever the model. Which models there are, and what else a configuration says, a space knows. */
export interface Config {
  /** Peak learning rate of the schedule. */
  readonly learningRate: number
  /** What a step trains on, in the unit of the space: sequences or tokens. */
  readonly batchSize: number
  readonly trainFlops: number
}
