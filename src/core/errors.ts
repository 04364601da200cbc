interface ErrorRow {
  /** The HTTP status with which the server answers; 500 unless given. */
  readonly status?: number
  readonly meaning: string
}

const rows = <Code extends string>(table: Readonly<Record<Code, ErrorRow>>) => table

/**
 * Every public error: its code, the server's status for it, and what it means. docs/errors.md repeats this table; a test keeps
 * them equal. An error's message says what was expected and what came; its advice says what to do.
 */
export const errorTable = rows({
  FILE_NOT_FOUND: { meaning: 'A file that was named does not exist or cannot be read.' },
  FILE_EMPTY: { meaning: 'A file has no rows.' },
  FILE_FORMAT: {
    meaning:
      'A file is not what its name or content promises: broken JSON, a truncated Parquet or gzip file, another encoding.',
  },
  COLUMN_MISSING: { meaning: 'A column that is needed was not found under any of its usual names.' },
  COLUMN_UNKNOWN: { meaning: 'A column named with --columns is not in the file.' },
  UNIT_IMPLAUSIBLE: {
    meaning:
      'The numbers of a table are off by a factor of 100 from any table of runs: they are in other units, or other columns.',
  },
  RECORDS_UNKNOWN: { meaning: 'Records or a sheet named with --records are not in the file.' },
  NO_USABLE_RUNS: { meaning: 'Rows were read, but none of them is a usable run.' },
  ONE_BUDGET: { meaning: 'All runs have the same compute budget, so nothing can be said about another one.' },
  NO_REPEATS: { meaning: 'No run saw a token more than once, so nothing can be said of repeated data.' },
  TOO_FEW_RUNS: { meaning: 'There are fewer runs than a law has coefficients.' },
  BAD_OPTION: { meaning: 'An option or an argument has a value that it cannot take.' },
  OUTPUT_FAILED: { meaning: 'A result could not be written.' },
  OUTPUT_EXISTS: { meaning: 'Where a result goes something else is already, which is not replaced without --force.' },
  WORLD_UNKNOWN: { meaning: 'There is no world of that name.' },
  SPACE_INVALID: { meaning: 'The file of a space says something that no space can be.' },
  CONFIG_INVALID: { status: 404, meaning: 'A hyperparameter is outside its range, or the combination is not allowed.' },
  KEY_INVALID: { status: 422, meaning: 'An API key that the server does not know, or that was revoked.' },
  KEY_TRIES: {
    status: 429,
    meaning:
      'Too many wrong keys came from one address; keys that worked before go on working. Retry-After says when to try again.',
  },
  KEY_WITHOUT_RUNS: { status: 422, meaning: 'A key that has not made a query yet.' },
  BUDGET_EXCEEDED: { status: 403, meaning: 'A query would pass the budget of its key; nothing was charged.' },
  NOT_RECORDED: { status: 404, meaning: 'A replayed table has no run of this configuration.' },
  SESSION_INVALID: {
    status: 401,
    meaning: 'A page was asked for something without a session, or its link was used before: a new link opens another.',
  },
  READ_ONLY: { status: 403, meaning: 'A page that only shows was asked to change something.' },
  HOST_UNKNOWN: {
    status: 421,
    meaning:
      'A page was asked for under a name that is not its own, as a site does that points its name at this machine.',
  },
  REQUEST_FOREIGN: {
    status: 403,
    meaning: 'Something was to be changed by a request that did not come from a page of this server.',
  },
  INSTRUCTOR_ONLY: { status: 403, meaning: 'A page of the class was asked for with the key of a student.' },
  STORE_UNAVAILABLE: {
    status: 503,
    meaning: 'The database cannot be written or reached just now; nothing was charged.',
  },
  QUEUE_MISSING: { meaning: 'A database has no queue of trainings that workers could take.' },
  DATABASE_MISSING: { meaning: 'There is no database where one was looked for.' },
  QUERY_ENDED: {
    status: 503,
    meaning:
      'Waiting for an equal query that runs elsewhere was ended: the server stops, or the client left; nothing was charged.',
  },
  RUN_UNKNOWN: { status: 404, meaning: 'A key has asked for no run of that id.' },
  RUN_ENDED: { status: 409, meaning: 'A run that has ended cannot be cancelled.' },
  QUERY_OPEN: {
    status: 409,
    meaning: 'A query of GET /loss goes on until it has its answer, and cannot be cancelled.',
  },
  RUNS_TOO_MANY: {
    status: 429,
    meaning:
      'A key has as many runs waiting and running as it may; nothing was charged. Retry-After says when to ask again.',
  },
  STREAMS_TOO_MANY: { status: 429, meaning: 'A key has as many streams of events open as it may.' },
  TOO_MANY_CONNECTIONS: {
    status: 503,
    meaning:
      'The server has as many connections as it can have, or as it takes from one address; idle ones were ended first.',
  },
  LEDGER_UNBALANCED: {
    meaning: "What a key has used or reserved is not the sum of its runs or reservations. The server's log tells it.",
  },
  SUBMISSION_MISSING: { status: 404, meaning: 'A key has not submitted a prediction yet.' },
  SUBMISSIONS_USED: { status: 403, meaning: 'A key has submitted as many predictions as it may.' },
  SUBMISSIONS_CLOSED: {
    status: 403,
    meaning: 'The deadline has passed: the truth is out, and no prediction is taken.',
  },
  DEADLINE_DIFFERS: { meaning: 'The database has another deadline than the one that was asked for.' },
  DEADLINE_PASSED: {
    meaning:
      'A deadline that has passed was to be changed, and the truth may have been told; or one was to be set that has passed already.',
  },
  PRODUCER_DIFFERS: {
    meaning: 'The database has answers of another backend, world, version, corpus, loss, space or list of FLOPs.',
  },
  PRODUCER_UNKNOWN: { meaning: 'The database has answers, and does not say what gave them.' },
  API_UNREACHABLE: { meaning: 'The training API did not answer, after several tries.' },
  API_REFUSED: { meaning: 'The training API refused a query.' },
  CAMPAIGN_DIFFERS: { meaning: 'The folder holds the record of a campaign with other options.' },
  SPACE_DIFFERS: { meaning: 'The training API makes runs of another space than the campaign asks for.' },
  OUTCOME_INVALID: { meaning: 'What a trainer of your own gave is no outcome of a run.' },
  RECORD_DAMAGED: {
    meaning: 'A file that was written here is not what was written: a bit flipped, or somebody changed it.',
  },
  RECORD_DIFFERS: { meaning: "A client's record has answers of another API than the one that is asked." },
  CAMPAIGN_RUNNING: { meaning: 'Another process runs a campaign in the same folder.' },
  RUN_FAILED: {
    meaning:
      'The program of --run always fails: several configurations one after another came to no result, or it cannot be started.',
  },
  RUN_LOST: { meaning: 'A run came to no result, in all its tries or in its time; the campaign goes on without it.' },
  RUN_INTERRUPTED: {
    meaning: 'A run was ended before its time, because nobody waited for it any more; nothing of it counts.',
  },
  RUN_CANCELLED: { meaning: 'Somebody cancelled a run; the campaign goes on without it.' },
  RUN_ELSEWHERE: { meaning: 'A run was started on another machine, and nobody can see whether it still runs there.' },
  CORPUS_MISSING: { meaning: 'A folder has no finished corpus.' },
  CORPUS_INVALID: { meaning: 'A corpus is damaged: a file of it is not what was written.' },
  CORPUS_DIFFERS: { meaning: 'The folder holds a corpus of other inputs or options.' },
  CORPUS_RUNNING: { meaning: 'Another process prepares a corpus in the same folder.' },
  CORPUS_TOO_SMALL: {
    meaning: 'There is too little text, or too little that differs, for the vocabulary or for both parts of a corpus.',
  },
  ROWS_CORRUPT: { meaning: 'More rows of the inputs are corrupt than --max-corrupt allows.' },
  DEVICE_UNAVAILABLE: { meaning: 'ONNX Runtime cannot train on the device that was asked for.' },
  TRAINING_EXISTS: { meaning: 'The folder holds a training run already.' },
  TRAINING_DIFFERS: { meaning: 'The folder holds a training run of another recipe or another text.' },
  TRAINING_RUNNING: { meaning: 'Another process trains in the same folder.' },
  TRAINING_FAILED: { status: 503, meaning: 'A training broke off; nothing was charged, asked again it goes on.' },
  TRAINING_STOPPED: {
    status: 503,
    meaning: 'The server stops before a training has ended; nothing was charged, asked again it goes on.',
  },
  TRAINING_DIVERGED: {
    status: 422,
    meaning: 'The loss or the gradient of a training run became infinite or not a number.',
  },
  CHECKPOINT_INVALID: { meaning: 'A checkpoint is damaged: it is not what was written.' },
  PACKAGE_MISSING: {
    meaning: 'What was asked for needs a package that is installed only where it is needed, and is not here.',
  },
  NODE_TOO_OLD: {
    meaning:
      'Node is too old for what was asked for: the command needs Node 24 and none was found, or a file needs a newer one.',
  },
  INTERNAL: { meaning: 'A defect of isoflop. Please report it with the command that showed it.' },
})

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
