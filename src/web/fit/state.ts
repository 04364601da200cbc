import { computed, signal } from '@preact/signals'
import type { Curves, Runs } from '../../core/run.ts'
import { commandOf } from '../../explore/command.ts'
import type { Asked, Question, Start, TableAnswer, TableFlags } from '../../explore/question.ts'
import type { FirstFit } from '../../fit/first.ts'
import type { GroupsAnalysis } from '../../fit/groups/result.ts'
import { type AskedName, type MethodName, methodNames } from '../../fit/method-names.ts'
import { rowsText } from '../../input/kept.ts'
import { type DataJson, runsOfJson } from '../../input/wire.ts'
import type { Findings } from '../../report/fit/findings.ts'

/** The view: which files, read how, fitted how. */
export const files = signal<readonly string[]>([])
export const flags = signal<TableFlags>({})
export const methods = signal<readonly MethodName[]>(methodNames)
/** Whether the law of all settings is asked for. */
export const isJoint = signal(false)
/** What else is asked; null before the page knows what the command line said. */
export const how = signal<Omit<Asked, 'methods'> | null>(null)
/** Runs that are left out, by their places in the data. */
export const dropped = signal<ReadonlySet<number>>(new Set())

/** What reading came to. */
export const table = signal<TableAnswer | null>(null)
export const isReading = signal(false)
export const fault = signal('')
/** Whether it is being said what each column is, of a file that was understood. */
export const isMapping = signal(false)

/** The run that is looked at, and the one that is pointed at. */
export const selected = signal<number | null>(null)
export const pointed = signal<number | null>(null)

export const data = computed<DataJson | null>(() => (table.value?.kind === 'read' ? table.value.data : null))
/** All runs that were read. */
export const whole = computed<{ readonly runs: Runs; readonly curves: Curves | null } | null>(
  () => data.value && runsOfJson(data.value),
)
/** Whether each group is fitted alone: what is told of one data set alone has no place then. */
export const isGrouped = computed(() => data.value?.groups?.isAsked === true)

/** Where the fit stands. `step` is what is being fitted. */
export type Standing =
  | { readonly kind: 'fitting'; readonly step: string }
  /** The quick part is there, the rest not yet. */
  | { readonly kind: 'more'; readonly step: string }
  | { readonly kind: 'fitted' }
  | { readonly kind: 'fault'; readonly message: string; readonly advice: string }
export const standing = signal<Standing>({ kind: 'fitting', step: '' })
/** How far what is being fitted has come, 0 to 1; null of what does not take long. */
export const share = signal<number | null>(null)
/** Whether what is shown is of the view before. */
export const isStale = computed(() => isReading.value || standing.value.kind === 'fitting')

/** What the fit will say, while its intervals are made, and which runs it is of. */
export const first = signal<{
  readonly estimate: FirstFit['estimate']
  readonly findings: Findings<FirstFit['analysis']>
  readonly numbers: readonly number[]
} | null>(null)
/** What the fit of one data set came to, and which runs it is of. */
export const fitted = signal<{ readonly findings: Findings; readonly numbers: readonly number[] } | null>(null)
/** What the fits of several came to. */
export const compared = signal<GroupsAnalysis | null>(null)

/** Takes the view that the command line asked for. */
export function begin({ files: names, flags: read, asked: { methods: named, ...others } }: Start): void {
  files.value = names
  flags.value = read
  how.value = others
  isJoint.value = named?.includes('joint') ?? false
  methods.value = named === null ? (others.repeats ? [] : methodNames) : known(named)
}

const known = (names: readonly string[]): MethodName[] => methodNames.filter((name) => names.includes(name))

/** Changes what is asked of the fit; where nothing would be fitted any more, all methods are. */
export function askWith(changes: Partial<Omit<Asked, 'methods'>>): void {
  how.value = { ...how.value!, ...changes }
  neverNothing()
}

/** Takes back what was asked of the runs that were there: targets that lay beyond those are anywhere among others. */
export function forOtherRuns(): void {
  how.value = { ...how.value!, targets: null }
}

export function askJoint(isAsked: boolean): void {
  isJoint.value = isAsked
  neverNothing()
}

export function askMethods(names: readonly MethodName[]): void {
  methods.value = names
  neverNothing()
}

function neverNothing(): void {
  if (methods.value.length === 0 && !isJoint.value && !how.value!.repeats) methods.value = methodNames
}

/** What is asked of the fit. */
export const asked = computed<Asked | null>(() => {
  if (how.value === null) return null
  const repeats = how.value.repeats && !isGrouped.value
  const names: AskedName[] = [...methods.value, ...(isJoint.value && !isGrouped.value ? (['joint'] as const) : [])]
  const isUsual = names.length === 0 || (names.length === methodNames.length && !names.includes('joint') && !repeats)
  return {
    ...how.value,
    repeats,
    uniqueTokens: repeats ? how.value.uniqueTokens : null,
    methods: isUsual ? null : names,
  }
})

/** The rows that are left out, as --drop takes them; empty where none are. */
const dropText = computed((): string => {
  const shown = data.value
  if (shown === null) return ''
  const rows = [...dropped.value].map((i) => ({ source: shown.sources[shown.files[i]], row: shown.rows[i] }))
  return rowsText(rows, shown.sources.length > 1)
})

/** The view as the host takes it. */
export const question = computed<Omit<Question, 'language'>>(() => ({
  files: [...files.value],
  flags: { ...flags.value, ...(dropText.value !== '' && { drop: dropText.value }) },
  asked: asked.value!,
}))

/** The command that says what the page shows. */
export const command = computed(() => commandOf(question.value))
