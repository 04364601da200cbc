import type { Config } from '../core/config.ts'
import { codecOf } from '../space/codec.ts'
import { type Shape, shapeFields } from '../space/shapes.ts'

/** What to train: the hyperparameters that the training API takes, and the FLOPs to spend. A batch is sequences of 512 tokens. */
export interface TrainingConfig extends Config, Shape {}

/** How configurations are written everywhere: on the wire, in tables, records, databases and names of folders. */
export const apiCodec = codecOf<TrainingConfig>([
  ...shapeFields,
  { key: 'batchSize', name: 'batch_size', brief: 'b', kind: 'whole' },
  { key: 'learningRate', name: 'learning_rate', brief: 'lr', kind: 'real' },
  { key: 'trainFlops', name: 'train_flops', brief: 'C', kind: 'whole' },
])
