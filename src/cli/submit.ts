import type { EndedView } from '../campaign/view.ts'
import { trainingApi } from '../client/client.ts'
import type { Config } from '../core/config.ts'
import { IsoflopError } from '../core/errors.ts'
import { compact } from '../report/number.ts'
import type { Space } from '../space/space.ts'

/** Sends the prediction of a campaign to `POST /submission`. */
export type Submit = (view: EndedView) => Promise<void>

/** Sends to an API what a campaign predicts. Errors: those of the client, BAD_OPTION where the prediction is none that it takes. */
export const submitTo =
  (url: string, apiKey: string, space: Space): Submit =>
  async ({ result: { prediction } }) => {
    const { config, loss } = prediction
    if (!Number.isFinite(loss)) throw noSubmission('It has no loss that could be sent.', space)
    await trainingApi<Config>({ url, apiKey }).submit(config, loss)
  }

/** Refuses `--submit` before anything is spent where nothing could be sent. Errors: BAD_OPTION. */
export function checkSubmit(api: string | undefined, target: number, space: Space): void {
  if (api === undefined)
    throw new IsoflopError(
      'BAD_OPTION',
      '--submit came without --api: a simulated world takes no predictions.',
      'Say whose assignment it is: --api URL',
    )
  if (target !== space.target) throw noSubmission(`It is for ${compact(target)} FLOPs.`, space)
}

const noSubmission = (reason: string, { target }: Space): IsoflopError =>
  new IsoflopError(
    'BAD_OPTION',
    `The assignment takes a prediction for ${compact(target)} FLOPs. ${reason}`,
    'Leave --submit out, or --target.',
  )
