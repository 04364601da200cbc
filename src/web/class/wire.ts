/** A configuration as the server writes it. */
export interface Wire {
  readonly d_model: number
  readonly num_layers: number
  readonly num_heads: number
  readonly batch_size: number
  readonly learning_rate: number
  readonly train_flops: number
}
