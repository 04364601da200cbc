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
  if (!URL.canParse(text)) throw badAddress('cannot be read as one')
  const url = new URL(text)
  if (!['http:', 'https:'].includes(url.protocol)) throw badAddress(`begins with "${url.protocol}"`)
  if (url.username || url.password || url.search || url.hash) throw badAddress('has a user, a password or a query')
  return `${url.origin}${url.pathname}`.replace(/\/$/, '')
}

/** The address is not repeated: it may have a password or a key in it. */
const badAddress = (what: string): IsoflopError =>
  new IsoflopError(
    'BAD_OPTION',
    `The address of --api ${what}, expected an http or https address without user and query.`,
    'For example: --api http://localhost:8000; the key goes into $ISOFLOP_API_KEY.',
  )
