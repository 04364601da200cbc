/** The losses of a run, nats per token. */
export interface Losses {
  /** What the training API reports: a running average of the training loss. */
  readonly average: number
  /** The training loss of the last step, dropout included. */
  readonly last: number
  /** Of text that was never trained on, without dropout, after the last step. */
  readonly validation: number
}

/** Which of them may be asked for. */
export const lossNames = ['average', 'last', 'validation'] as const satisfies readonly (keyof Losses)[]

/** Weight of the newest loss in the average (deduced from the API's answers; docs/math.md E60). */
const newest = 0.01

/** The running average after one more loss: the first loss begins it. */
export const averaged = (average: number | null, loss: number): number =>
  average === null ? loss : (1 - newest) * average + newest * loss
