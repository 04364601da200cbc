import type { EndedView } from '../campaign/view.ts'
import { trainingApi } from '../client/client.ts'
import { IsoflopError } from '../core/errors.ts'
import type { TrainingConfig } from '../cs336/config.ts'
import { targetFlops } from '../cs336/limits.ts'
import { submissionOf } from '../report/campaign/submission.ts'
import { compact } from '../report/number.ts'

/** Sends the prediction of a campaign to `POST /submission`. */
export type Submit = (view: EndedView) => Promise<void>

/** Sends to an API what a campaign predicts. Errors: those of the client, BAD_OPTION where the prediction is none that it takes. */
export const submitTo =
  (url: string, apiKey: string): Submit =>
  async (view) => {
    if (submissionOf(view) === null) throw noSubmission('It has no loss that could be sent.')
    const { config, loss } = view.result.prediction
    await trainingApi({ url, apiKey }).submit(config as TrainingConfig, loss)
  }

/** Refuses `--submit` before anything is spent where nothing could be sent. Errors: BAD_OPTION. */
export function checkSubmit(api: string | undefined, target: number): void {
  if (api === undefined)
    throw new IsoflopError(
      'BAD_OPTION',
      '--submit came without --api: a simulated world takes no predictions.',
      'Say whose assignment it is: --api URL',
    )
  if (target !== targetFlops) throw noSubmission(`It is for ${compact(target)} FLOPs.`)
}

const noSubmission = (reason: string): IsoflopError =>
  new IsoflopError(
    'BAD_OPTION',
    `The assignment takes a prediction for ${compact(targetFlops)} FLOPs. ${reason}`,
    'Leave --submit out, or --target.',
  )
