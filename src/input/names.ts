import { type LossUnit, type LossWord, lossWordOf } from './loss-unit.ts'
import { type Factor, factorOf, flopsFactorOf } from './unit.ts'

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
const plannedTokens = ['target_tokens', 'planned_tokens', 'tokens_total', 'total_tokens', 'max_tokens', 'token_budget']
const planned = new Set(plannedTokens.map((name) => name.replaceAll('_', '')))

/** Whether a column of the end of runs counts tokens and not steps. */
export const isPlannedTokens = (name: string): boolean => planned.has(normalized(name.split(/[/.]/).at(-1)!))

/**
 * The usual names of each quantity, the preferred one first, as papers, trackers (W&B, MLflow, Optuna, Aim), nanochat and lm-eval write
 * them. They are compared without regard to case, spaces and punctuation (`normalized`), but a single letter must be that capital: a
 * lower-case `d` or `n` is too often something else. `tokens_seen` precedes `tokens`, because where both exist the latter is what the
 * run was planned to see; active parameters precede all others, because a token of a mixture of experts meets no more.
 */
const usualNames: Readonly<Record<Quantity, readonly string[]>> = {
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

/** Names that mean other things more often: taken only where the column holds what they would mean. */
const weakNames = new Set(
  ['data', 'size', 'value', 'losses', 'epoch', 'repeats', 'tflops', 'pflops', 'gflops'].map(normalized),
)

/** Units in brackets that change nothing. */
const plainUnits = new Set([
  '',
  '#',
  'flop',
  'flops',
  'nats',
  'nats/token',
  'nats per token',
  'tokens',
  'params',
  'parameters',
])

/** A name as it is compared: no case, no spaces, no punctuation, no plain unit; a single letter keeps its case. */
export function normalized(name: string): string {
  const { bare, unit } = withoutUnit(name)
  return bareKey(unit !== null && plainUnits.has(unit) ? bare : name)
}

function bareKey(name: string): string {
  const letters = name.replace(/[\s_\-./#,]/g, '')
  return letters.length === 1 ? letters : letters.toLowerCase()
}

/** A name and the unit in brackets at its end. By hand, because a pattern tries every blank and bracket of a name as its beginning. */
export function withoutUnit(name: string): { readonly bare: string; readonly unit: string | null } {
  const text = name.trimEnd()
  const none = { bare: name, unit: null }
  if (!text.endsWith(')') && !text.endsWith(']')) return none
  const open = Math.max(text.lastIndexOf('('), text.lastIndexOf('['))
  const unit = text.slice(open + 1, -1)
  const bare = text.slice(0, Math.max(open, 0)).trimEnd()
  return bare === '' || unit.includes(')') || unit.includes(']') ? none : { bare, unit: unit.trim().toLowerCase() }
}

/** That a column may hold a quantity, by its name. */
export interface Match {
  readonly column: number
  readonly quantity: Quantity
  /** Lower is preferred. */
  readonly rank: number
  /** What the name says each number is to be multiplied with; null where it says nothing. */
  readonly factor: Factor | null
  /** What the name says a loss is in; null where it says nothing. */
  readonly loss: LossWord | null
  /** Whether only the content can tell. */
  readonly isWeak: boolean
}

/** The quantities of a usual name, and how preferred it is for each. */
const byName: ReadonlyMap<string, ReadonlyMap<Quantity, number>> = indexOfNames()

function indexOfNames() {
  const index = new Map<string, Map<Quantity, number>>()
  for (const quantity of quantities)
    for (const [rank, name] of usualNames[quantity].entries()) {
      const key = normalized(name)
      const ranks = index.get(key) ?? new Map<Quantity, number>()
      if (!ranks.has(quantity)) ranks.set(quantity, rank)
      index.set(key, ranks)
    }
  return index
}

/** Quantities that may be written in millions and the like. */
const scaled = new Set<Quantity>(['parameters', 'total_parameters', 'tokens', 'unique_tokens', 'flops', 'batch_tokens'])
/** What a name costs that is not whole: each part of a path that had to be dropped, and a unit that had to be read. */
const perPart = 1000
/** A longer name is nobody's; it is not taken apart. */
const longestName = 200
/** The last parts of a path that may make a name. */
const mostParts = 4

/**
 * The quantities that each column may hold by its name, the preferred columns of each quantity first. Of a path (`model/num_params`,
 * `metrics.val_loss`, `user_attrs_tokens`) the whole counts before its last parts; a unit in it (`Params (M)`, `tokens_b`, `total_gflops`)
 * is read.
 */
export function matchesOf(columns: readonly string[]): ReadonlyMap<Quantity, readonly Match[]> {
  const matches = new Map<Quantity, Match[]>(quantities.map((quantity) => [quantity, []]))
  for (const [column, name] of columns.entries())
    for (const match of matchesOfName(name, column)) matches.get(match.quantity)!.push(match)
  // Of two columns of one name the first is preferred.
  for (const list of matches.values()) list.sort((a, b) => a.rank - b.rank || a.column - b.column)
  return matches
}

function matchesOfName(name: string, column: number): Match[] {
  const best = new Map<Quantity, Match>()
  const active = activeOf(name, column)
  if (active) best.set('parameters', active)
  for (const [dropped, path] of pathsOf(name).entries()) {
    for (const { key, factor, loss } of readingsOf(path)) {
      for (const [quantity, place] of byName.get(key) ?? []) {
        if (best.has(quantity) || (factor && !scaled.has(quantity)) || (loss && quantity !== 'loss')) continue
        const rank = place + perPart * dropped
        const word = quantity === 'loss' ? (loss ?? lossWordOf(key)) : null
        best.set(quantity, { column, quantity, rank, factor, loss: word, isWeak: isWeakName(key, path) })
      }
    }
    const priced = dropped === 0 ? byName.get(bareKey(withoutUnit(path).bare))?.get('cost') : undefined
    if (priced !== undefined && !best.has('cost'))
      best.set('cost', { column, quantity: 'cost', rank: priced, factor: null, loss: null, isWeak: false })
  }
  return [...best.values()]
}

/** Words for the parameters that a token of a mixture of experts meets. */
const activeWord = /(?:^|[\s_\-./(])(?:active|activated|activation|activ|act)(?=$|[\s_\-./)(])/i

/** Whether a name of parameters is of the active ones. */
export const isActive = (name: string): boolean => /activ/i.test(name.slice(0, 200)) || activeOf(name, 0) !== null

/** A name of parameters with such a word in it, wherever, is of the active ones: before all others. `active` alone may be a flag. */
function activeOf(name: string, column: number): Match | null {
  const { bare, unit } = withoutUnit(name.trim())
  if (name.length > longestName || !activeWord.test(bare)) return null
  const last = bare.split(/[/:]/).at(-1)!
  const rest = last.replace(activeWord, '').replace(/^[\s_\-.]+|[\s_\-.]+$/g, '')
  const base = unit === null ? rest : `${rest} (${unit})`
  const reading = readingsOf(base).find(({ key }) => byName.get(key === 'n' ? 'N' : key)?.has('parameters'))
  const isAlone = rest === ''
  if (!isAlone && reading === undefined) return null
  const factor = isAlone && unit !== null ? factorOf(unit) : (reading?.factor ?? null)
  return { column, quantity: 'parameters', rank: 0, factor, loss: null, isWeak: isAlone }
}

const isWeakName = (key: string, path: string): boolean => weakNames.has(key) || weakNames.has(bareKey(path))

/** Prefixes that trackers put before the name of a setting or a metric. */
const prefixes = /^(?:user_attrs|params|metrics|summary|config|attrs|hparams|args|hyperparameters)_(?=.)/i
/** What lm-eval adds to the name of a metric: the filter of the answers. */
const suffix = /,none$/
/** A path of these is of other values than those that were reached: the least of an axis, a target, a guess. */
const misleading = /^(?:min|max|std|stderr|var|init|initial|target|expected|predicted|pred|grad|best_step)$/i

/** The name, then its last parts, the longest first. */
function pathsOf(name: string): string[] {
  const whole = name.trim().replace(suffix, '')
  if (whole.length > longestName) return [whole]
  const inner = /^(.+)[./]value$/i.exec(whole)?.[1]
  if (inner !== undefined && byName.has(normalized(inner.split(/[/.]/).at(-1)!))) return pathsOf(inner)
  const parts = withoutUnit(whole).unit === null ? whole.split(/[/.:]/) : [whole]
  if (parts.slice(0, -1).some((part) => misleading.test(part.trim()))) return [whole]
  const ends = parts.slice(1).map((_, i) => parts.slice(i + 1).join('.'))
  const paths = [whole, ...ends.slice(-mostParts)]
  const bare = whole.replace(prefixes, '')
  return bare === whole ? paths : [...paths, bare]
}

interface Reading {
  readonly key: string
  readonly factor: Factor | null
  readonly loss: LossWord | null
}

/** Numbers that are logarithms. */
const logs: Readonly<Record<string, Factor>> = {
  log10: { value: 1, said: 'log10', base: 10 },
  ln: { value: 1, said: 'ln', base: 'e' },
  log: { value: 1, said: 'log', base: 'any' },
}
const logOf = (word: string): Factor => logs[word.toLowerCase().replace('_', '')]
/** What a loss may be of, in brackets behind its name. */
const lossParts = new Set([
  ...['val', 'valid', 'validation', 'eval', 'test', 'dev', 'heldout', 'held-out', 'train', 'training', 'final'],
])

/** What a name may be read as: as it stands, and without the unit that it ends with. */
function readingsOf(path: string): Reading[] {
  const plain: Reading = { key: normalized(path), factor: null, loss: null }
  if (path.length > longestName) return [plain]
  const { bare, unit } = withoutUnit(path)
  const key = bareKey(bare)
  if (unit !== null) {
    const loss = lossWordOf(unit)
    const factor = factorOf(unit)
    const log = /^(?:log_?10|log|ln)$/i.test(bare.trim()) ? logOf(bare.trim()) : null
    const parts = lossParts.has(unit) ? [bareKey(`${unit}${bare}`), key] : []
    return [
      plain,
      ...(loss ? [{ key, factor: null, loss }] : []),
      ...(factor ? [{ key, factor, loss: null }] : []),
      ...(log ? [{ key: bareKey(unit.length === 1 ? unit.toUpperCase() : unit), factor: log, loss: null }] : []),
      ...parts.map((part) => ({ key: part, factor: null, loss: null })),
    ]
  }
  const log = /^(?:(log_?10)[\s_-]?|(log|ln)[\s_-])(.+)$/i.exec(path)
  if (log !== null) return [plain, { key: bareKey(log[3]), factor: logOf(log[1] ?? log[2]), loss: null }]
  const flops = flopsFactorOf(path)
  if (flops) return [plain, { key: bareKey(flops.bare), factor: flops.factor, loss: null }]
  const end = /^(.+?)(?:[\s_-]+(?:in[\s_-]+)?([a-z]+|1e\d+)|(?<=[a-z])([KMBTG]))$/i.exec(path)
  const word = end?.[2] ?? end?.[3]
  const isWord = end?.[2] !== undefined || /[a-z][KMBTG]$/.test(path)
  const factor = word !== undefined && isWord ? factorOf(word) : null
  return factor ? [plain, { key: bareKey(end![1]), factor, loss: null }] : [plain]
}

export type { LossUnit }
