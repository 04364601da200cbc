import { type MethodName, methodNames } from '../../fit/method-names.ts'
import type { MethodResult } from '../../fit/result.ts'
import { answerBudget, predictionAt } from '../../report/fit/facts.ts'
import { compact, exponent, nats, orDash, withInterval } from '../../report/number.ts'
import { words } from '../../report/words/words.ts'
import { say } from '../words/words.ts'
import { askMethods, fitted, methods, standing } from './state.ts'

/** The methods side by side, each to be left out. */
export function Methods() {
  const shown = fitted.value
  const analysis = shown?.findings.analysis
  const C = analysis ? answerBudget(analysis) : null
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
              <th scope="col" class="number">
                a
              </th>
              <th scope="col" class="number">
                {C === null ? 'N' : say.fit.sizeAt(compact(C))}
              </th>
              <th scope="col" class="number">
                {say.columns.loss}
              </th>
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
                <Cells name={name} />
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  )
}

function Cells({ name }: { readonly name: MethodName }) {
  const cells = cellsOf(name)
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

/** The exponent, N and the loss of a method at the budget that the answer is given at; or why it gives none. */
function cellsOf(name: MethodName): readonly string[] | string {
  const analysis = fitted.value?.findings.analysis
  if (analysis === undefined || !methods.value.includes(name)) return ['', '', '']
  const C = answerBudget(analysis)
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
