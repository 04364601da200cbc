import { computed, effect, signal } from '@preact/signals'
import type { Curves, Runs } from '../../core/run.ts'
import type { Question, Start, TableAnswer, TableFlags } from '../../explore/question.ts'
import type { GroupsAnalysis } from '../../fit/groups/result.ts'
import { type MethodName, methodNames } from '../../fit/method-names.ts'
import type { Analysis } from '../../fit/result.ts'
import { keepRuns, rowsText } from '../../input/kept.ts'
import { type DataJson, runsOfJson } from '../../input/wire.ts'
import type { Findings } from '../../report/fit/findings.ts'
import { ask, upload } from '../session.ts'
import type { FitNews, FitRequest } from './worker.ts'

/** What the command line asked; null before it is known. */
export const start = signal<Start | null>(null)

/** The view: which files, read how, fitted how. */
export const files = signal<readonly string[]>([])
export const flags = signal<TableFlags>({})
export const methods = signal<readonly MethodName[]>(methodNames)
/** Null: ten times the largest budget. */
export const targets = signal<readonly number[] | null>(null)
/** Runs that are left out, by their places in the data. */
export const dropped = signal<ReadonlySet<number>>(new Set())

/** What reading came to. */
export const table = signal<TableAnswer | null>(null)
export const isReading = signal(false)
export const fault = signal('')

/** The run that is looked at, and the one that is pointed at. */
export const selected = signal<number | null>(null)
export const pointed = signal<number | null>(null)

export const data = computed<DataJson | null>(() => (table.value?.kind === 'read' ? table.value.data : null))
/** All runs that were read. */
export const whole = computed<{ readonly runs: Runs; readonly curves: Curves | null } | null>(
  () => data.value && runsOfJson(data.value),
)

/** Where the fit stands. */
export type Standing =
  | { readonly kind: 'fitting'; readonly step: string }
  /** The quick methods are there, others not yet. */
  | { readonly kind: 'more' }
  | { readonly kind: 'fitted' }
  | { readonly kind: 'fault'; readonly message: string }
export const standing = signal<Standing>({ kind: 'fitting', step: '' })

/** What the fit of one data set came to, and which runs it is of. */
export const fitted = signal<{ readonly findings: Findings; readonly numbers: readonly number[] } | null>(null)
/** What the fits of several came to. */
export const compared = signal<GroupsAnalysis | null>(null)

export async function begin(): Promise<void> {
  const told = await ask<Start>('GET', 'start')
  const { asked } = told
  start.value = told
  files.value = told.files
  flags.value = told.flags
  targets.value = asked.targets
  if (asked.methods !== null) methods.value = methodNames.filter((name) => asked.methods!.includes(name))
  effect(follow)
  await read()
}

/** Reads the files as the flags say. */
export async function read(): Promise<void> {
  isReading.value = true
  fault.value = ''
  try {
    const { drop: _, ...wanted } = flags.value
    const answer = await ask<TableAnswer>('POST', 'table', { files: files.value, flags: wanted })
    dropped.value = new Set()
    selected.value = null
    fitted.value = null
    compared.value = null
    table.value = answer
  } catch (error) {
    fault.value = (error as Error).message
  } finally {
    isReading.value = false
  }
}

/** Reads the files otherwise. */
export function readWith(changes: Partial<TableFlags>): Promise<void> {
  const next = { ...flags.value, ...changes }
  flags.value = Object.fromEntries(Object.entries(next).filter(([, value]) => value !== undefined && value !== ''))
  return read()
}

/** Adds files that were dropped on the page, beside those that are there or in their place. */
export async function add(given: readonly File[], isBeside: boolean): Promise<void> {
  isReading.value = true
  fault.value = ''
  try {
    const names: string[] = []
    for (const file of given) names.push(await upload(file))
    files.value = isBeside ? [...files.value, ...names] : names
    flags.value = isBeside ? { ...flags.value, groupBy: 'file' } : {}
  } catch (error) {
    fault.value = (error as Error).message
    isReading.value = false
    return
  }
  await read()
}

export function remove(name: string): Promise<void> {
  files.value = files.value.filter((other) => other !== name)
  const { groupBy, ...others } = flags.value
  flags.value = files.value.length > 1 || groupBy !== 'file' ? flags.value : others
  return read()
}

let worker: Worker | null = null
let asked = 0

/** Fits whenever the view changes. What is being fitted for an older view is given up. */
function follow(): void {
  const { value: all } = whole
  const shown = data.value
  const without = dropped.value
  const wanted = methods.value
  const budgets = targets.value
  if (all === null || shown === null || start.value === null) return
  const { confidence, seed, resamples, starts } = start.value.asked
  const numbers = Array.from({ length: all.runs.size }, (_, i) => i).filter((i) => !without.has(i))
  const left = keepRuns(all, numbers)
  const id = ++asked
  const groups = shown.groups?.isAsked
    ? {
        column: shown.groups.column,
        names: shown.groups.names,
        of: Int32Array.from(numbers, (i) => shown.groups!.of[i]),
      }
    : null
  const request: FitRequest = {
    id,
    ...left,
    groups,
    options: {
      targets: budgets ?? [10 * left.runs.flops.reduce((high, C) => Math.max(high, C), 0)],
      methods: wanted.length === methodNames.length ? null : wanted,
      ...{ confidence, seed, resamples, starts },
    },
  }
  if (standing.peek().kind !== 'fitted') worker?.terminate()
  if (standing.peek().kind !== 'fitted') worker = null
  standing.value = { kind: 'fitting', step: '' }
  worker ??= new Worker(document.documentElement.dataset.worker!, { type: 'module' })
  worker.onmessage = ({ data: news }: MessageEvent<FitNews>) => {
    if (news.id === asked) hear(news, numbers)
  }
  worker.onerror = () => {
    standing.value = { kind: 'fault', message: 'the worker did not start' }
  }
  worker.postMessage(request)
}

function hear(news: FitNews, numbers: readonly number[]): void {
  switch (news.kind) {
    case 'step':
      if (standing.value.kind === 'fitting') standing.value = { kind: 'fitting', step: news.step }
      break
    case 'fitted':
      fitted.value = { findings: findingsOf(news.analysis), numbers }
      compared.value = null
      standing.value = news.isWhole ? { kind: 'fitted' } : { kind: 'more' }
      break
    case 'compared':
      compared.value = news.groups
      fitted.value = null
      standing.value = { kind: 'fitted' }
      break
    case 'fault':
      fitted.value = null
      compared.value = null
      standing.value = { kind: 'fault', message: `${news.message} ${news.advice}`.trim() }
  }
}

function findingsOf(analysis: Analysis): Findings {
  const { value } = table
  if (value?.kind !== 'read') return { analysis, truth: null }
  return {
    analysis: { ...analysis, diagnostics: [...value.diagnostics, ...analysis.diagnostics] },
    truth: value.truth,
  }
}

/** The rows that are left out, as --drop takes them; empty where none are. */
export const dropText = computed((): string => {
  const shown = data.value
  if (shown === null) return ''
  const rows = [...dropped.value].map((i) => ({ source: shown.sources[shown.files[i]], row: shown.rows[i] }))
  return rowsText(rows, shown.sources.length > 1)
})

/** The view as the host takes it. */
export function question(language: 'en' | 'zh'): Question {
  return {
    files: [...files.value],
    flags: { ...flags.value, ...(dropText.value !== '' && { drop: dropText.value }) },
    targets: [...(targets.value ?? [])],
    methods: methods.value.length === methodNames.length ? null : [...methods.value],
    language,
  }
}
