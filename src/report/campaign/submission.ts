import { submissionBodyOf } from '../../api/contract.ts'
import { targetFlops } from '../../core/config.ts'
import type { Forecast } from '../../plan/strategy.ts'

/**
 * The body of `POST /submission` for a prediction: a configuration and the loss expected of it. Null where the prediction is for
 * other FLOPs than the assignment's, or its loss is none.
 */
export function submissionOf({ config, loss }: Forecast): string | null {
  if (config.trainFlops !== targetFlops || !Number.isFinite(loss)) return null
  return `${JSON.stringify(submissionBodyOf(config, loss), null, 2)}\n`
}
