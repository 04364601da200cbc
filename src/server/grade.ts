import type { Config } from '../core/config.ts'
import { regret } from '../core/regret.ts'
import type { KeyRecord, Standing, Submission } from './store/store.ts'

/** What is true in the world behind the server, which only a simulated world knows. */
export interface Truth {
  /** Noise-free loss, nats per token. */
  loss(config: Config): number
  /** The best noise-free loss that any legal configuration reaches at the target. */
  readonly bestLoss: number
}

/** A submission judged. Losses in nats per token. */
export interface Grade {
  readonly rank: number
  readonly key: string
  readonly label: string
  readonly config: Config
  readonly predictedLoss: number
  readonly trueLoss: number
  /** True loss beyond the best that was possible. */
  readonly regret: number
  /** Predicted minus true loss. */
  readonly error: number
  /** When it was submitted, ms since 1970, and as which attempt. */
  readonly submittedAt: number
  readonly attempts: number
}

/** Judges submissions: ranked by regret, then by how close the prediction was. */
export function gradeSubmissions(
  entries: readonly { readonly key: KeyRecord; readonly submission: Submission; readonly attempts: number }[],
  truth: Truth,
): Grade[] {
  return entries
    .map(({ key, submission, attempts }) => {
      const trueLoss = truth.loss(submission.config)
      const { config, predictedLoss, submittedAt } = submission
      return {
        ...{ key: key.id, label: key.label, config, predictedLoss, trueLoss },
        regret: regret(trueLoss, truth.bestLoss),
        error: predictedLoss - trueLoss,
        submittedAt,
        attempts,
      }
    })
    .sort((p, q) => p.regret - q.regret || Math.abs(p.error) - Math.abs(q.error) || (p.key < q.key ? -1 : 1))
    .map((grade, k) => ({ rank: k + 1, ...grade }))
}

/** How everybody's predictions are judged, by key, for whoever may know: an instructor. Nobody's where the truth is not known. */
export function gradesOfClass(
  standings: readonly Standing[],
  truth: Truth | null,
): ReadonlyMap<string, Pick<Grade, 'rank' | 'regret' | 'error'>> {
  if (truth === null) return new Map()
  const entries = standings.flatMap(({ key, submission, attempts }) =>
    submission ? [{ key, submission, attempts }] : [],
  )
  return new Map(gradeSubmissions(entries, truth).map(({ key, rank, regret, error }) => [key, { rank, regret, error }]))
}
