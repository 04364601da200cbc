/**
 * Every public error: its code, and what the code means. docs/errors.md repeats this table; a test keeps them equal.
 * An error's message says what was expected and what came; its advice says what to do.
 */
export const errorTable = {
  FILE_NOT_FOUND: 'A file that was named does not exist or cannot be read.',
  FILE_EMPTY: 'A file has no rows.',
  FILE_FORMAT: 'A file is not what its name or content promises: broken JSON, a truncated Parquet or gzip file.',
  COLUMN_MISSING: 'A column that is needed was not found under any of its usual names.',
  COLUMN_UNKNOWN: 'A column named with --columns is not in the file.',
  NO_USABLE_RUNS: 'Rows were read, but none of them is a usable run.',
  ONE_BUDGET: 'All runs have the same compute budget, so nothing can be said about another one.',
  TOO_FEW_RUNS: 'There are fewer runs than a law has coefficients.',
  BAD_OPTION: 'An option or an argument has a value that it cannot take.',
  OUTPUT_FAILED: 'A result could not be written.',
  WORLD_UNKNOWN: 'There is no world of that name.',
  CONFIG_INVALID: 'A hyperparameter is outside its range, or the combination is not allowed.',
  KEY_INVALID: 'An API key that the server does not know, or that was revoked.',
  KEY_WITHOUT_RUNS: 'A key that has not made a query yet.',
  BUDGET_EXCEEDED: 'A query would pass the budget of its key; nothing was charged.',
  NOT_RECORDED: 'A replayed table has no run of this configuration.',
  STORE_UNAVAILABLE: 'The database cannot be written or reached just now; nothing was charged.',
  STORE_IN_USE: 'Another process holds the database.',
  SUBMISSION_MISSING: 'A key has not submitted a prediction yet.',
  API_UNREACHABLE: 'The training API did not answer, after several tries.',
  API_REFUSED: 'The training API refused a query.',
  CAMPAIGN_DIFFERS: 'The folder holds the record of a campaign with other options.',
  CAMPAIGN_RUNNING: 'Another process runs a campaign in the same folder.',
  CORPUS_MISSING: 'A folder has no finished corpus.',
  CORPUS_INVALID: 'A corpus is damaged: a file of it is not what was written.',
  CORPUS_DIFFERS: 'The folder holds a corpus of other inputs or options.',
  CORPUS_RUNNING: 'Another process prepares a corpus in the same folder.',
  CORPUS_TOO_SMALL: 'There is too little text for the vocabulary or the validation part that was asked for.',
  ROWS_CORRUPT: 'More rows of the inputs are corrupt than --max-corrupt allows.',
  DEVICE_UNAVAILABLE: 'ONNX Runtime cannot train on the device that was asked for.',
  TRAINING_EXISTS: 'The folder holds a training run already.',
  TRAINING_DIFFERS: 'The folder holds a training run of another recipe or another text.',
  TRAINING_RUNNING: 'Another process trains in the same folder.',
  TRAINING_FAILED: 'A training broke off or was stopped; nothing was charged, asked again it goes on.',
  TRAINING_DIVERGED: 'The loss or the gradient of a training run became infinite or not a number.',
  CHECKPOINT_INVALID: 'A checkpoint is damaged: it is not what was written.',
  NODE_TOO_OLD: 'Node is older than 24 and none was found in node_modules.',
  INTERNAL: 'A defect of isoflop. Please report it with the command that showed it.',
} as const

export type ErrorCode = keyof typeof errorTable

/** An error made for people: a code from the table, what was expected and what came, and what to do about it. */
export class IsoflopError extends Error {
  readonly code: ErrorCode
  readonly advice: string

  constructor(code: ErrorCode, message: string, advice: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'IsoflopError'
    this.code = code
    this.advice = advice
  }
}

/** OUTPUT_FAILED for a file or folder that could not be written, and why. */
export const outputFailed = (place: string, cause: unknown, advice: string): IsoflopError =>
  new IsoflopError('OUTPUT_FAILED', `${place} could not be written: ${(cause as Error).message}.`, advice, { cause })

/** The HTTP status of the errors that the server answers with; every other one is 500. */
export const httpStatus: Readonly<Partial<Record<ErrorCode, number>>> = {
  CONFIG_INVALID: 404,
  KEY_INVALID: 422,
  KEY_WITHOUT_RUNS: 422,
  BUDGET_EXCEEDED: 403,
  NOT_RECORDED: 404,
  SUBMISSION_MISSING: 404,
  STORE_UNAVAILABLE: 503,
  TRAINING_DIVERGED: 422,
  TRAINING_FAILED: 503,
}
