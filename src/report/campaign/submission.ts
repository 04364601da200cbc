import { submissionBodyOf } from '../../api/contract.ts'
import type { EndedView } from '../../campaign/view.ts'
import { targetFlops } from '../../cs336/limits.ts'
import { apiSpace } from '../../cs336/space.ts'

/**
 * The body of `POST /submission` for a prediction: a configuration and the loss expected of it. Null where the prediction is for
 * other FLOPs than the assignment's or of another space, or its loss is none.
 */
export function submissionOf({ space, result: { prediction } }: EndedView): string | null {
  const { config, loss } = prediction
  if (space.name !== apiSpace.name || config.trainFlops !== targetFlops || !Number.isFinite(loss)) return null
  return `${JSON.stringify(submissionBodyOf(config, loss), null, 2)}\n`
}
