import { targetFlops } from '../../core/config.ts'
import type { Forecast } from '../../plan/strategy.ts'

/**
 * The body of `POST /submission` for a prediction: a configuration and the loss expected of it. Null where the prediction is for
 * other FLOPs than the assignment's, or its loss is none.
 */
export function submissionOf({ config, loss }: Forecast): string | null {
  if (config.trainFlops !== targetFlops || !Number.isFinite(loss)) return null
  const body = {
    d_model: config.dModel,
    num_layers: config.numLayers,
    num_heads: config.numHeads,
    batch_size: config.batchSize,
    learning_rate: config.learningRate,
    predicted_loss: loss,
  }
  return `${JSON.stringify(body, null, 2)}\n`
}
