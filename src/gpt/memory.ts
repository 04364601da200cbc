import { nonEmbeddingParameters } from '../cs336/parameters.ts'
import type { ModelShape } from './model.ts'

/** Node, ONNX Runtime and its graph, bytes. */
const base = 300e6
/** Weights, gradients, two moments, and a copy while a checkpoint is written, 4 bytes each. */
const bytesPerParameter = 20
/** What the graph keeps of each position for its derivative, in numbers for each width and layer, and for each word. */
const kept = { perWidth: 34, perWord: 3 }

/** About how many bytes a training needs: 0.7 GB at width 64 and 0.9 at 256, where 0.5 to 1.1 were measured (docs/log.md), an estimate beyond. */
export function memoryFor({ dModel, numLayers, vocabularySize, contextLength }: ModelShape): number {
  const parameters = nonEmbeddingParameters(dModel, numLayers) + 2 * vocabularySize * dModel
  const numbers = contextLength * (numLayers * dModel * kept.perWidth + vocabularySize * kept.perWord)
  return base + bytesPerParameter * parameters + 4 * numbers
}
