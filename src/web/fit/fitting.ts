import { type Groups, withShortNames } from '../../core/groups.ts'
import type { Asked } from '../../explore/question.ts'
import type { AskedName } from '../../fit/method-names.ts'
import { parsePrior } from '../../fit/norm/prior-text.ts'
import type { Analysis } from '../../fit/result.ts'
import { keepRuns } from '../../input/kept.ts'
import type { DataJson } from '../../input/wire.ts'
import type { Findings } from '../../report/fit/findings.ts'
import { say } from '../words/words.ts'
import { asked, compared, data, dropped, first, fitted, share, standing, table, whole } from './state.ts'
import type { FitNews, FitOptions, FitRequest } from './worker.ts'

let worker: Worker | null = null
/** The latest question: what is told of an older one is not heard. */
let latest = 0

/** Fits whenever the view changes. What is being fitted for an older view is given up. */
export function follow(): void {
  const all = whole.value
  const shown = data.value
  const wanted = asked.value
  const without = dropped.value
  giveUp()
  first.value = null
  share.value = null
  if (all === null || shown === null || wanted === null) return
  const numbers = Array.from({ length: all.runs.size }, (_, i) => i).filter((i) => !without.has(i))
  const left = keepRuns(all, numbers)
  const largest = left.runs.flops.reduce((high, C) => Math.max(high, C), 0)
  const request: FitRequest = {
    id: ++latest,
    ...left,
    groups: groupsOf(shown, numbers),
    options: optionsOf(wanted, largest),
  }
  standing.value = { kind: 'fitting', step: '' }
  worker ??= new Worker(document.documentElement.dataset.worker!, { type: 'module' })
  worker.onmessage = ({ data: news }: MessageEvent<FitNews>) => {
    if (news.id === latest) hear(news, numbers)
  }
  worker.onerror = () => {
    giveUp()
    standing.value = { kind: 'fault', message: say.fit.noWorker, advice: '' }
  }
  worker.postMessage(request)
}

/** A worker that is at work hears nothing: it is ended. One that is not stays for the next question. */
function giveUp(): void {
  const { kind } = standing.peek()
  if (kind === 'fitted') return
  worker?.terminate()
  worker = null
}

const groupsOf = ({ groups }: DataJson, numbers: readonly number[]): Groups | null =>
  groups?.isAsked ? withShortNames({ ...groups, of: Int32Array.from(numbers, (i) => groups.of[i]) }) : null

/** The same as the command makes of its options. */
function optionsOf({ targets, methods, repeats, uniqueTokens, prior, ...numbers }: Asked, largest: number): FitOptions {
  return {
    ...numbers,
    targets: targets ?? [10 * largest],
    methods: methods as readonly AskedName[] | null,
    ...(repeats && { repeats: { unique: uniqueTokens ?? undefined } }),
    ...(prior !== null && { prior: parsePrior(prior) ?? undefined }),
  }
}

function hear(news: FitNews, numbers: readonly number[]): void {
  switch (news.kind) {
    case 'step': {
      const { kind } = standing.value
      if ((kind === 'fitting' || kind === 'more') && standing.value.step !== news.step)
        standing.value = { kind, step: news.step }
      share.value = news.share
      break
    }
    case 'first':
      first.value = {
        estimate: news.fit.estimate,
        findings: { analysis: news.fit.analysis, truth: truthOf() },
        numbers,
      }
      break
    case 'fitted':
      first.value = null
      fitted.value = { findings: findingsOf(news.analysis), numbers }
      compared.value = null
      standing.value = news.isWhole ? { kind: 'fitted' } : { kind: 'more', step: '' }
      break
    case 'compared':
      compared.value = news.groups
      fitted.value = null
      standing.value = news.isWhole ? { kind: 'fitted' } : { kind: 'more', step: '' }
      break
    case 'fault':
      first.value = null
      fitted.value = null
      compared.value = null
      standing.value = news
  }
}

function findingsOf(analysis: Analysis): Findings {
  const { value } = table
  const read = value?.kind === 'read' ? value.diagnostics : []
  return { analysis: { ...analysis, diagnostics: [...read, ...analysis.diagnostics] }, truth: truthOf() }
}

const truthOf = (): Findings['truth'] => (table.value?.kind === 'read' ? table.value.truth : null)
