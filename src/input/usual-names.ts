/**
 * What a column of a file can hold. `run` names the training run of a row, `step` its place in that run and `total_steps` where that
 * ends; `total_parameters` are those of a mixture of experts, of which a token uses fewer.
 */
export const quantities = [
  ...(['parameters', 'tokens', 'flops', 'loss', 'run', 'step', 'd_model', 'num_layers'] as const),
  ...(['total_steps', 'total_parameters', 'state', 'learning_rate', 'batch_size', 'batch_tokens'] as const),
  ...(['sequence_length', 'unique_tokens', 'epochs', 'cost'] as const),
] as const
/** How many of them say what a row is; the others are settings, of which a record has one even where its loss is a list. */
export const described = 8

export type Quantity = (typeof quantities)[number]

/** What a run that is counted in tokens is to see in all. */
export const plannedTokens = [
  'target_tokens',
  'planned_tokens',
  'tokens_total',
  'total_tokens',
  'max_tokens',
  'token_budget',
]

/**
 * The usual names of each quantity, the preferred one first, as papers, trackers (W&B, MLflow, Optuna, Aim), nanochat and lm-eval write
 * them. They are compared without regard to case, spaces and punctuation (`normalized`), but a single letter must be that capital: a
 * lower-case `d` or `n` is too often something else. `tokens_seen` precedes `tokens`, because where both exist the latter is what the
 * run was planned to see; active parameters precede all others, because a token of a mixture of experts meets no more.
 */
export const usualNames: Readonly<Record<Quantity, readonly string[]>> = {
  parameters: [
    ...[
      'active_parameters',
      'active_params',
      'activated_parameters',
      'activated_params',
      'n_active',
      'num_active_params',
    ],
    ...['n_active_params', 'params_active', 'active_param_count', 'non_embedding_active_params'],
    ...['parameters', 'params', 'N', 'model_size', 'num_parameters', 'num_params', 'n_parameters', 'n_params'],
    ...['parameter', 'param', '参数量', '参数数', '模型参数量', '模型大小'],
    ...['parameter_count', 'param_count', 'total_parameters', 'total_params', 'model_parameters', 'model_params'],
    ...['params_total', 'params_count', 'nparams', 'trainable_params', 'trainable_parameters', 'num_trainable_params'],
    ...[
      'non_embedding_parameters',
      'non_embedding_params',
      'non_embedding_param_size',
      'non_emb_params',
      'params_non_emb',
    ],
    ...['num_non_embedding_params', 'n_params_non_embedding', 'params_non_embedding', 'params_transformer', 'size'],
  ],
  tokens: [
    ...['tokens_seen', 'tokens', 'D', 'train_tokens', 'training_tokens', 'num_tokens', 'n_tokens', 'token_count'],
    ...['data_tokens', 'train_data_tokens', 'training_data', 'token数', '训练token数', '数据量', '训练数据量'],
    ...['total_tokens', 'num_train_tokens', 'total_train_tokens', 'total_training_tokens', 'tokens_trained'],
    ...[
      'trained_tokens',
      'tokens_total',
      'tokens_processed',
      'n_train_tokens',
      'num_training_tokens',
      'consumed_tokens',
    ],
    ...[
      'num_tokens_seen',
      'total_tokens_seen',
      'num_input_tokens_seen',
      'tokens_consumed',
      'dataset_size',
      'data_size',
    ],
    ...['data'],
  ],
  flops: [
    ...['compute_budget', 'train_flops', 'training_flops', 'training_flop', 'flops', 'flop', 'budget', 'C', 'compute'],
    ...['flops_budget', 'total_flops', 'train_compute', 'training_compute', 'total_compute', 'compute_flops'],
    ...['计算量', '训练计算量', 'train_compute_flops', 'training_compute_flops'],
    ...['num_flops', 'flop_budget', 'total_train_flops', 'total_training_flops', 'flops_total', 'total_flos'],
    ...['flops_trained', 'cumulative_flops'],
  ],
  loss: [
    ...[
      'final_val_loss',
      'final_validation_loss',
      'val_loss',
      'valid_loss',
      'validation_loss',
      'eval_loss',
      'test_loss',
    ],
    ...['验证损失', 'held_out_loss', 'loss_val', 'loss_eval', 'loss_test', 'heldout_loss', 'dev_loss'],
    ...['val_losses', 'validation_losses', 'final_loss', 'loss_final', 'loss', '损失', '最终损失', 'verlust'],
    ...['macro_loss', 'cross_entropy', 'cross_entropy_loss', 'ce_loss', 'val_ce', 'val_ce_loss', 'eval_ce_loss', 'nll'],
    ...['val_perplexity', 'val_ppl', 'validation_perplexity', 'valid_ppl', 'eval_perplexity', 'eval_ppl'],
    ...[
      'test_perplexity',
      'test_ppl',
      'train_loss',
      'training_loss',
      'L',
      'loss.validation',
      'loss.average',
      'loss.last',
      'lm_loss',
      'losses',
    ],
    ...[
      'final_train_loss',
      'bits_per_token',
      'bpt',
      'val_bpb',
      'bpb',
      'bits_per_byte',
      'val_bits_per_byte',
      'eval_bpb',
    ],
    ...['log_perplexity', 'log_ppl', 'ln_ppl', 'ln(ppl)', 'log(ppl)', 'ln(perplexity)', 'log(perplexity)'],
    ...['loss_bits', 'loss (log2)', 'loss_log2', 'loss_in_bits'],
    ...['bpc', 'bits_per_character', 'bits_per_char', 'val_bpc', 'perplexity', 'ppl'],
    ...['final_perplexity', 'token_perplexity', 'byte_perplexity', 'train_perplexity', 'train_ppl', 'value'],
  ],
  run: [
    'run',
    'run_id',
    'run_name',
    'exp_name',
    'experiment_id',
    'model_id',
    'trial',
    'trial_id',
    'job_id',
    'request_id',
    'name',
    'id',
  ],
  step: [
    ...[
      'step',
      'steps',
      'global_step',
      'train_step',
      'training_step',
      'iteration',
      'iterations',
      'iter',
      'current_step',
    ],
    ...['current_steps', 'current_iteration', 'checkpoint', 'checkpoint_step', 'tokens_seen'],
  ],
  d_model: ['d_model', 'hidden_size', 'n_embd', 'model_dim', 'hidden_dim'],
  num_layers: ['num_layers', 'n_layers', 'n_layer', 'num_hidden_layers', 'layers'],
  total_steps: [
    // The end of a run that is counted in tokens: only where its place is, too.
    ...plannedTokens,
    ...['total_steps', 'max_steps', 'num_steps', 'total_iterations', 'max_iters', 'max_iterations', 'train_steps'],
    ...['num_train_steps', 'total_train_steps', 'planned_steps', 'scheduled_steps', 'lr_decay_iters'],
  ],
  total_parameters: [
    'total_parameters',
    'total_params',
    'params_total',
    'total_param_count',
    'num_total_params',
    'n_total',
  ],
  state: [
    'state',
    'status',
    'run_state',
    'run_status',
    'status_type',
    'trial_state',
    'trial_status',
    'job_state',
    'job_status',
    '状态',
    'zustand',
    'estado',
    'statut',
  ],
  learning_rate: [
    ...['learning_rate', 'lr', 'max_lr', 'peak_lr', 'max_learning_rate', 'peak_learning_rate', 'config.learning_rate'],
    'lr_scheduler.peak_value',
  ],
  batch_size: ['batch_size', 'bsz', 'bs', 'global_batch_size', 'train_batch_size', 'config.batch_size'],
  batch_tokens: [
    ...['batch_tokens', 'batch_size_tokens', 'tokens_per_batch', 'tokens_per_step', 'global_batch_tokens'],
    'total_batch_size_tokens',
  ],
  sequence_length: ['sequence_length', 'seq_len', 'seq_length', 'context_length', 'max_seq_len', 'block_size'],
  unique_tokens: [
    'unique_tokens',
    'num_unique_tokens',
    'n_unique_tokens',
    'dataset_tokens',
    'tokens_unique',
    'distinct_tokens',
  ],
  epochs: ['epochs', 'num_epochs', 'n_epochs', 'num_train_epochs', 'epoch', 'repetitions', 'num_repeats', 'repeats'],
  cost: ['cost', 'run_cost', 'price', 'gpu_hours', 'tpu_hours', 'chip_hours', 'node_hours', 'gpu_seconds', 'usd'],
}
