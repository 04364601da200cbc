/** A configuration of the course as the server writes it. */
export interface CourseWire {
  readonly d_model: number
  readonly num_layers: number
  readonly num_heads: number
  readonly batch_size: number
  readonly learning_rate: number
  readonly train_flops: number
}

/** A configuration of any space: the course's, one of shapes, or one whose models have names. */
export type Wire = Pick<CourseWire, 'batch_size' | 'learning_rate' | 'train_flops'> &
  (Pick<CourseWire, 'd_model' | 'num_layers' | 'num_heads'> | { readonly model: string })

/** The model of a configuration, briefly: `4×256`, or its name. */
export const modelText = (config: Wire): string =>
  'model' in config ? config.model : `${config.num_layers}×${config.d_model}`

/** The same with its heads, where it has some. */
export const modelWithHeads = (config: Wire, heads: string): string =>
  'model' in config ? config.model : `${modelText(config)}, ${config.num_heads} ${heads}`
