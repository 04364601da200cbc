import type { Config } from '../core/config.ts'
import { type Codec, codecOf, type Field } from './codec.ts'
import { shapeFields } from './shapes.ts'

/** What every run of a space of one's own has, whatever its model. */
export const runFields: readonly Field[] = [
  { key: 'batchSize', name: 'batch_size', brief: 'b', kind: 'whole' },
  { key: 'learningRate', name: 'learning_rate', brief: 'lr', kind: 'real' },
  { key: 'trainFlops', name: 'train_flops', brief: 'C', kind: 'real' },
]

/** The model of a list, by its name. */
export const listedField: Field = { key: 'model', name: 'model', brief: 'm', kind: 'text' }

const shaped = codecOf<Config>([...shapeFields, ...runFields])
const listed = codecOf<Config>([listedField, ...runFields])

const codecFor = (config: Config): Codec => (listedField.key in config ? listed : shaped)

/**
 * Writes configurations of any space, the course's and those of files, as their own codecs do, and reads them: what is written tells by itself
 * whether it has a shape or a name. For databases, queues and whoever shows what is in them, without the files of their spaces. What it reads
 * is a configuration of some space; whether of the right one, `refusal` of that space says.
 * @example anyCodec.identity(config) // '64/2/2/128/0.001/10000000000000', '25m/524288/0.001/1e+22'
 */
export const anyCodec: Omit<Codec, 'fields'> & { fieldsOf(config: Config): readonly Field[] } = {
  fieldsOf: (config) => codecFor(config).fields,
  identity: (config) => codecFor(config).identity(config),
  record: (config) => codecFor(config).record(config),
  configOf: (record) => shaped.configOf(record) ?? listed.configOf(record),
  configOfIdentity: (identity) => shaped.configOfIdentity(identity) ?? listed.configOfIdentity(identity),
  folderName: (config) => codecFor(config).folderName(config),
  configOfFolder: (name) => shaped.configOfFolder(name) ?? listed.configOfFolder(name),
}
