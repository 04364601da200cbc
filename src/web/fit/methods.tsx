import type { GroupsAnalysis } from '../../fit/groups/result.ts'
import { type MethodName, methodNames } from '../../fit/method-names.ts'
import type { Analysis, MethodResult } from '../../fit/result.ts'
import { answerBudget, predictionAt } from '../../report/fit/facts.ts'
import { tableBudget } from '../../report/fit/groups/table.ts'
import { compact, exponent, nats, orDash, withInterval } from '../../report/number.ts'
import { words } from '../../report/words/words.ts'
import { say } from '../words/words.ts'
import { askMethods, compared, fitted, methods, standing } from './state.ts'
import { lossName } from './unit.ts'

/** What the methods are told of: the data set, or each of several. */
interface Told {
  /** Of a group; null where there is one data set. */
  readonly name: string | null
  readonly analysis: Analysis
}

/** The methods side by side, each to be left out; of several data sets what each has for every one of them. */
export function Methods() {
  const groups = compared.value
  const told: readonly Told[] =
    groups?.groups ?? (fitted.value ? [{ name: null, analysis: fitted.value.findings.analysis }] : [])
  const C = groups ? tableBudget(groups) : told.length > 0 ? answerBudget(told[0].analysis) : null
  const toggle = (name: MethodName) => () => {
    askMethods(methodNames.filter((one) => methods.value.includes(one) !== (one === name)))
  }
  return (
    <section class="card methods" aria-labelledby="methods">
      <h2 id="methods">{say.fit.methods}</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard */}
      <section class="scroll" tabIndex={0} aria-label={say.fit.sideBySide}>
        <table>
          <thead>
            <tr>
              <th scope="col">{say.fit.method}</th>
              {headOf(groups, C).map((title) => (
                <th key={title} scope="col" class="number">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {methodNames.map((name) => (
              <tr key={name}>
                <td>
                  <label class="check">
                    <input type="checkbox" checked={methods.value.includes(name)} onChange={toggle(name)} />
                    {name}
                  </label>
                </td>
                {groups ? (
                  told.map((one) => <GroupCell key={one.name} cells={cellsOf(name, one.analysis, C!)} />)
                ) : (
                  <Cells cells={told.length > 0 ? cellsOf(name, told[0].analysis, C!) : blank} />
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  )
}

const headOf = (groups: GroupsAnalysis | null, C: number | null): string[] => {
  const size = C === null ? 'N' : say.fit.sizeAt(compact(C))
  return groups ? groups.groups.map(({ name }) => `${name}: ${size}`) : ['a', size, lossName()]
}

/** a, N and the loss, or why there are none. */
type Cellular = readonly [a: string, N: string, loss: string] | string

function Cells({ cells }: { readonly cells: Cellular }) {
  if (typeof cells === 'string')
    return (
      <td class="why" colSpan={3}>
        {cells}
      </td>
    )
  return (
    <>
      {cells.map((cell, k) => (
        <td key={k} class="number">
          {cell}
        </td>
      ))}
    </>
  )
}

/** N, and below it the loss. */
function GroupCell({ cells }: { readonly cells: Cellular }) {
  if (typeof cells === 'string') return <td class="why">{cells}</td>
  const [, size, loss] = cells
  return (
    <td class="number">
      {size}
      {/\d/.test(loss) && (
        <div class="hint">
          {say.columns.loss} {loss}
        </div>
      )}
    </td>
  )
}

const blank: Cellular = ['', '', '']

/** The exponent, N and the loss of a method at the budget that the answer is given at; or why it gives none. */
function cellsOf(name: MethodName, analysis: Analysis, C: number): Cellular {
  if (!methods.value.includes(name)) return blank
  if (name === 'frontier') {
    const at = analysis.frontier?.free?.predictions.find(({ flops }) => flops === C)
    return ['', '', at ? withInterval(at.loss, at.interval, nats) : '-']
  }
  const result = analysis.methods.find(({ method }) => method === name)
  if (result === undefined) return standing.value.kind === 'fitted' ? ['-', '-', '-'] : ['…', '…', '…']
  const why = whyNot(result)
  if (why !== null) return words().elsewhere(why)
  const at = predictionAt(analysis, name, C)
  return [
    result.modelSize ? withInterval(result.modelSize.exponent, result.modelSize.interval, exponent) : '-',
    at ? withInterval(at.parameters, at.interval.parameters) : '-',
    orDash(at?.loss, nats),
  ]
}

const whyNot = ({ unavailable, undetermined }: MethodResult): string | null => unavailable ?? undetermined
