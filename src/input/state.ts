import { isMissing, numberOf } from './cell.ts'
import type { Sample } from './sink.ts'

/** A column that says of some runs that they did not finish. */
export interface StateColumn {
  readonly column: number
  /** Whether a cell says so. */
  readonly isOut: (cell: unknown) => boolean
}

/** Words of trackers, schedulers and people, in several languages, for runs that are no finished ones. */
const unfinished = new Set([
  ...['crashed', 'crash', 'failed', 'fail', 'failure', 'killed', 'running', 'preempted', 'preempting', 'pruned'],
  ...['cancelled', 'canceled', 'timeout', 'timedout', 'error', 'errored', 'oom', 'outofmemory', 'pending', 'queued'],
  ...['scheduled', 'aborted', 'interrupted', 'stopped', 'diverged', 'waiting', 'starting', 'submitted', 'lost', 'dead'],
  ...['incomplete', 'invalid', 'exploded', 'nodefail', 'unfinished', 'started', 'inprogress', 'paused', 'evicted'],
  ...['suspended', 'broken', 'ongoing', 'sigkill', 'discarded', 'excluded', 'unstable'],
  ...['abgebrochen', 'fehlgeschlagen', 'fehler', 'läuft', 'laufend', 'wartend', 'abgestürzt', 'gestoppt', 'divergiert'],
  ...['échoué', 'échec', 'encours', 'annulé', 'interrompu', 'planté', 'arrêté', 'divergé'],
  ...['fallido', 'fallado', 'falló', 'cancelado', 'encurso', 'interrumpido', 'detenido', 'falhou', 'emandamento'],
  ...['崩溃', '失败', '运行中', '进行中', '已取消', '取消', '中断', '已停止', '超时', '等待中', '发散', '训练中'],
  ...['失敗', '実行中', '中止', '実行待ち', '発散', '실패', '실행중', '중단'],
  ...[
    'сбой',
    'ошибка',
    'прерван',
    'остановлен',
    'выполняется',
    '❌',
    '✗',
    '✘',
    '✖',
    '⚠️',
    '⚠',
    '💥',
    '🔴',
    '🟡',
    '🏃',
    '⏳',
  ],
])
/** Words that end a state in one tracker as planned (Ray) and in another too early: they count where another word says finished. */
const ambiguous = new Set(['terminated'])
/** What a cell of a state column may be where a tool left the state out; as a note it says nothing. */
const blank = new Set(['nan', 'none', 'null'])
const finished = new Set([
  ...['finished', 'completed', 'complete', 'success', 'succeeded', 'successful', 'done', 'ok', 'passed', 'converged'],
  ...['good', 'valid', 'ended', 'fertig', 'abgeschlossen', 'beendet', 'erfolgreich', 'terminé', 'fini', 'réussi'],
  ...[
    'terminado',
    'completado',
    'concluído',
    'finalizado',
    '完成',
    '已完成',
    '成功',
    '完了',
    '완료',
    'завершен',
    'завершён',
  ],
  ...['✅', '✓', '✔', '✔️', '🟢', 'terminated', 'stable', 'trained'],
])

/** Names of columns of yes and no, and what yes says of a run. */
const flags: readonly (readonly [RegExp, boolean])[] = [
  [/^(?:is|has|was|did)?(?:finished|completed?|succeeded|success|done|converged)$/, true],
  [
    /^(?:is|has|was|did)?(?:crashed|failed|diverged|killed|pruned|aborted|oom|cancell?ed|incomplete|unfinished)$/,
    false,
  ],
]
const yes = new Set(['true', 'yes', 'y', '1', '1.0', 't', 'ja', 'oui', 'sí', 'si', '是'])
const no = new Set(['false', 'no', 'n', '0', '0.0', 'f', 'nein', 'non', '否'])
/** Names that mean other things more often: states only where each of their few values is the word of one. */
const maybe = /^(?:phase|result|outcome|runresult|jobresult)$/
/** Free text: only what begins with the word of a state speaks of one. */
const free = /^(?:notes?|comments?|remarks?|bemerkung|备注)$/
const exitCode = /^(?:exit|return)(?:code|status)$/
/** The share of a run that a row was written at. */
const share =
  /^(?:progress|fraction|frac|completion|progresspct|progresspercent|percent(?:done|complete)?|pct|fractiondone)$/
/** A run at this share has reached its end. */
const reached = 0.98
/** Values of a column at most that may be told by its words. */
const mostValues = 24

/** A cell in lower case; nothing for what is nested, however deep. */
const textOf = (cell: unknown): string => (typeof cell === 'object' ? '' : String(cell).trim().toLowerCase())

/** A state without case, blanks and the name of its type, as in `TrialState.COMPLETE`. */
const bareWord = (text: string): string =>
  text
    .trim()
    .replace(enumName, '')
    .toLowerCase()
    .replace(/[\s_-]/g, '')
const enumName = /^[A-Za-z]+\.(?=[A-Za-z_]+$)/

/** Whether a cell of a state column says that its run did not finish: by the whole, the first word, or any that is not denied. */
export function isUnfinished(cell: unknown): boolean {
  if (typeof cell !== 'string' || cell.length > 200) return false
  const text = cell.trim().replace(enumName, '')
  const whole = bareWord(text)
  if (unfinished.has(whole) || whole === 'nan') return true
  const words = wordsOf(text)
  if (finished.has(words[0]) || words.some((word) => word === 'no' || word === 'not' || word === 'without'))
    return false
  return words.some((word) => unfinished.has(word)) || /\bout[ _-]of[ _-]memory\b/i.test(text)
}

const wordsOf = (text: string): string[] =>
  text
    .toLowerCase()
    .split(/[\s_\-:;,.()/]+/)
    .filter(Boolean)

/** Beside the state column all others that say which runs did not finish: flags, exit codes, shares of the run, notes. */
export function statesOf(
  columns: readonly string[],
  sample: Sample,
  state: number,
  used: ReadonlySet<number>,
): StateColumn[] {
  const states: StateColumn[] = []
  for (const [column, name] of columns.entries()) {
    if (column !== state && used.has(column)) continue
    const isOut = name.length > 100 ? null : readerOf(name, cellsOf(sample, column), column === state)
    if (isOut) states.push({ column, isOut })
  }
  return states
}

const cellsOf = (sample: Sample, column: number): unknown[] =>
  sample.flatMap((row) => (isMissing(row[column]) ? [] : [row[column]]))

function readerOf(name: string, cells: readonly unknown[], isState: boolean): StateColumn['isOut'] | null {
  const key = bareWord(name.replace(/^.*[/.:]/, '')).replace(/[?%#()]/g, '')
  const texts = cells.map((cell) => textOf(cell))
  const all = (is: (text: string) => boolean) => texts.length > 0 && texts.every(is)
  const flag = flags.find(([pattern]) => pattern.test(key))
  const isFlags = all((text) => yes.has(text) || no.has(text))
  if (flag && isFlags) return (cell) => (flag[1] ? no : yes).has(textOf(cell))
  if (isState) return stateReader(texts)
  if (maybe.test(key) && isOfStates(texts)) return stateReader(texts)
  if (exitCode.test(key) && all((text) => /^-?\d+(?::\d+)?$/.test(text)))
    return (cell) => !isMissing(cell) && !/^0(?:\.0)?(?::0)?$/.test(textOf(cell))
  if (share.test(key)) return shareReader(cells)
  return free.test(key) ? (cell) => typeof cell === 'string' && unfinished.has(wordsOf(cell.slice(0, 200))[0]) : null
}

function isOfStates(texts: readonly string[]): boolean {
  const values = new Set(texts)
  const isState = (text: string) => finished.has(wordsOf(text)[0]) || isUnfinished(text) || blank.has(text)
  return values.size > 0 && values.size <= mostValues && [...values].every(isState)
}

/** Where another word says finished, `terminated` says too early. */
function stateReader(texts: readonly string[]): StateColumn['isOut'] {
  const isSaid = texts.some((text) => finished.has(bareWord(text)) && !ambiguous.has(bareWord(text)))
  if (!isSaid) return isUnfinished
  return (cell) => isUnfinished(cell) || (typeof cell === 'string' && ambiguous.has(bareWord(cell)))
}

const shareOf = (cell: unknown): number =>
  typeof cell === 'string' && cell.trim().endsWith('%') ? numberOf(cell.trim().slice(0, -1)) / 100 : numberOf(cell)

/** Of a column of shares that go up to 1 or 100, those that are less. */
function shareReader(cells: readonly unknown[]): StateColumn['isOut'] | null {
  const shares = cells.map(shareOf)
  const most = shares.reduce((a, b) => Math.max(a, b), 0)
  const full = [1, 100].find((end) => Math.abs(most / end - 1) < 0.021)
  if (full === undefined || shares.some((value) => !(value >= 0))) return null
  return (cell) => shareOf(cell) < reached * full
}
