import { trainingApi } from '../client/client.ts'
import { IsoflopError } from '../core/errors.ts'
import { outcomeOfLoss, type Trainer } from '../core/trainer.ts'
import type { TrainingConfig } from '../cs336/config.ts'

/** How often the client tries again, from 0.2 s on: soon given up at the start, patient (two minutes) once runs are paid for. */
const retries = { opening: 3, asking: 10 }

/**
 * A trainer that asks a server of the training API, `capacity` queries at a time; default one.
 * @throws IsoflopError BAD_OPTION for an address that is none; its methods throw what `TrainingApi` says.
 */
export function apiTrainer(url: string, apiKey: string, capacity = 1): Trainer<TrainingConfig> {
  const address = addressOf(url)
  const opening = trainingApi({ url: address, apiKey, retries: retries.opening })
  const asking = trainingApi({ url: address, apiKey, retries: retries.asking })
  let begun = false
  return {
    name: address,
    isPaid: true,
    capacity,
    train(config) {
      begun = true
      return outcomeOfLoss(() => asking.loss(config))
    },
    previous: () => opening.previousRuns(),
    spentFlops: async () => Number(await (begun ? asking : opening).totalFlopsUsed()),
  }
}

/** The address as it is kept in the record: no password, no query, no slash at the end. Errors: BAD_OPTION. */
function addressOf(text: string): string {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol) || url.username || url.search)
    throw new IsoflopError(
      'BAD_OPTION',
      `--api is "${text}", expected an http or https address without user or query.`,
      'For example: --api http://localhost:8000',
    )
  return `${url.origin}${url.pathname}`.replace(/\/$/, '')
}
