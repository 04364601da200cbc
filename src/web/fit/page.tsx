import type { ComponentChildren } from 'preact'
import type { GroupsAnalysis } from '../../fit/groups/result.ts'
import type { Analysis } from '../../fit/result.ts'
import type { Figure } from '../../report/draw/figure.ts'
import { hasMethods } from '../../report/fit/facts.ts'
import { firstFigures, fitFigures } from '../../report/fit/figures.ts'
import type { Findings } from '../../report/fit/findings.ts'
import { groupsFigures } from '../../report/fit/groups/figures.ts'
import { compact, nats } from '../../report/number.ts'
import { words } from '../../report/words/words.ts'
import { goToDetails } from '../parts/details.ts'
import { LiveFigure } from '../parts/figure.tsx'
import { session } from '../session.ts'
import { say } from '../words/words.ts'
import { Answer, First } from './answer.tsx'
import { Budgets } from './budgets.tsx'
import { Details } from './details.tsx'
import { Files } from './files.tsx'
import { Groups, Tests } from './groups.tsx'
import { Header } from './header.tsx'
import { Question } from './laws.tsx'
import { Mapping } from './mapping.tsx'
import { Methods } from './methods.tsx'
import { Remarks } from './remarks.tsx'
import { Runs } from './runs.tsx'
import { Settings } from './settings.tsx'
import {
  compared,
  data,
  first,
  fitted,
  isStale,
  pointed,
  type Standing,
  selected,
  share,
  standing,
  table,
} from './state.ts'
import { units } from './unit.ts'

/** Of two panels, or of many. */
const wide = new Set(['optimum', 'residuals', 'backtest', 'agreement', 'exponents'])

/** A fit, live: every change of the view is fitted anew, here. */
export function FitPage() {
  if (session.value === 'none')
    return (
      <main class="message">
        <p role="status">{say.noSession}</p>
      </main>
    )
  const isRead = table.value?.kind === 'read'
  return (
    <>
      {isRead && (
        <a class="skip" href="#runs">
          {say.skip}
        </a>
      )}
      <Header />
      <main>
        <Files />
        <Mapping />
        {isRead && (
          <>
            <StandingLine />
            {first.value && <First />}
            {compared.value && (
              <Said>
                <Groups groups={compared.value} />
              </Said>
            )}
            {fitted.value && (
              <Said>
                {first.value === null && hasMethods(fitted.value.findings.analysis) && <Answer />}
                <Settings findings={fitted.value.findings} />
                <Remarks diagnostics={fitted.value.findings.analysis.diagnostics} />
              </Said>
            )}
            <div class="top uneven">
              <div class="column">
                <Budgets />
                <Question />
              </div>
              <Methods />
            </div>
            {compared.value && table.value?.kind === 'read' && (
              <Said>
                <Remarks diagnostics={table.value.diagnostics} />
              </Said>
            )}
            <Figures />
            {compared.value && (
              <Said>
                <Tests groups={compared.value} />
              </Said>
            )}
            <Runs />
            <Details />
          </>
        )}
      </main>
    </>
  )
}

/** What a fit came to: dimmed while it is of the view before, so that no number passes for an answer to what is asked now. */
const Said = ({ children }: { readonly children: ComponentChildren }) => (
  <div class={isStale.value ? 'said-by-fit stale' : 'said-by-fit'} aria-busy={isStale.value}>
    {children}
  </div>
)

function StandingLine() {
  const { value } = standing
  if (value.kind === 'fault')
    return (
      <p class="card lost" role="alert">
        {words().elsewhere(value.message)} {words().elsewhere(value.advice)}
      </p>
    )
  return (
    <p class={value.kind === 'fitted' ? 'hint said-of-screen' : 'hint at-work'} role="status">
      {standingText(value)} {value.kind !== 'fitted' && <Share />}
    </p>
  )
}

/** A bar: told in words a hundred times, it would drown what else is said to a screen reader. */
const Share = () => share.value !== null && <progress value={share.value} aria-label={say.fit.share} />

function standingText(value: Exclude<Standing, { kind: 'fault' }>): string {
  switch (value.kind) {
    case 'fitting':
      return fitted.value || compared.value ? say.fit.fittingAnew(value.step) : say.fit.fitting(value.step)
    case 'more':
      return say.fit.more(value.step)
    case 'fitted':
      return say.fit.fitted
  }
}

/** What is known is drawn at once, without intervals; what is not yet known anew stays dimmed meanwhile. */
function Figures() {
  const drawn = compared.value ? groupFigures(compared.value) : fitFigureList()
  return <div class="figures">{drawn}</div>
}

function fitFigureList() {
  const [soon, whole] = [first.value, fitted.value]
  const named = new Map<string, ComponentChildren>()
  if (whole)
    for (const figure of figuresOf(whole.findings.analysis))
      named.set(figure.name, <FitFigure key={figure.name} figure={figure} shown={whole} isStale={isStale.value} />)
  if (soon)
    for (const figure of firstFigures)
      named.set(figure.name, <FitFigure key={figure.name} figure={figure} shown={soon} isStale={false} />)
  return [...named.values()]
}

const groupFigures = (groups: GroupsAnalysis) =>
  groupsFigures.map((figure) => (
    <LiveFigure
      key={figure.name}
      figure={figure}
      subject={groups}
      numbers={none}
      isWide
      isStale={isStale.value}
      selected={null}
      pointed={null}
      tell={() => []}
      onPoint={() => {}}
      onSelect={() => {}}
    />
  ))

/** Of the laws of more than N and D. */
const ofSettings = new Map<string, 'joint' | 'repeats'>([
  ['rates', 'joint'],
  ['repeats-worth', 'repeats'],
  ['repeats-cost', 'repeats'],
])

/** Those that may have something to show: what has not is hidden only when it is drawn, and until then an empty card. */
const figuresOf = (analysis: Analysis): Figure<Findings>[] =>
  fitFigures.filter(({ name }) => {
    const law = ofSettings.get(name)
    return law === undefined ? hasMethods(analysis) : analysis[law] !== null
  })

const none: readonly number[] = []

interface Shown<Parts> {
  readonly findings: Findings<Parts>
  readonly numbers: readonly number[]
}

interface FitFigureProps<Parts> {
  readonly figure: Figure<Findings<Parts>>
  readonly shown: Shown<Parts>
  readonly isStale: boolean
}

const FitFigure = <Parts,>({ figure, shown, isStale }: FitFigureProps<Parts>) => (
  <LiveFigure
    figure={figure}
    isWide={wide.has(figure.name)}
    isStale={isStale}
    subject={shown.findings}
    numbers={shown.numbers}
    selected={selected.value}
    pointed={pointed.value}
    tell={tellRun}
    onPoint={point}
    onSelect={select}
    onOpen={goToDetails}
  />
)

const point = (run: number | null): void => {
  pointed.value = run
}
const select = (run: number | null): void => {
  selected.value = run
}

/** What is told of a run that is pointed at. */
function tellRun(i: number): readonly string[] {
  const shown = data.value
  if (shown === null) return []
  const { runs, rows, files, sources } = shown
  return [
    say.fit.run(rows[i], sources.length > 1 ? sources[files[i]] : null),
    `N ${compact(runs.parameters[i]!)} · D ${compact(runs.tokens[i]!)}`,
    `C ${compact(runs.flops[i]!)} FLOPs`,
    `${say.columns.loss} ${nats(runs.loss[i]!)} ${units().loss}`,
  ]
}
