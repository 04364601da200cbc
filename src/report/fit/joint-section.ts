import type { Analysis } from '../../fit/analysis.ts'
import type { Estimated } from '../../fit/tuned/estimate.ts'
import type { TunedResult } from '../../fit/tuned/result.ts'
import { compact, type Format, nats, percent, significant, withInterval } from '../number.ts'
import { Html, html, raised, table } from '../page/html.ts'
import { jointLines } from './joint-text.ts'

/** The joint law on a page: the best settings as formulas, and a table of the targets. */
export function jointSection({ joint, bootstrap }: Analysis): Html {
  if (joint === null) return new Html('')
  if (joint.unavailable !== null) return html`<p class="answer">The joint law: ${joint.unavailable}.</p>`
  const open =
    joint.undetermined === null
      ? new Html('')
      : html`<p class="answer"><strong>These runs do not determine N, D or the loss at a budget:</strong> ${joint.undetermined}.</p>`
  return html`<h2>The joint law of ${named(joint)}</h2>
${open}<ul>${jointLines(joint).map((line) => html`<li>${raised(line)}</li>`)}</ul>
${joint.predictions.length > 0 ? targetsTable(joint) : new Html('')}
<p>Intervals at ${percent(bootstrap.confidence)}: of the coefficients, of the exponent of the norm, and beyond the runs of 0.4 % of the loss for
each factor e of compute.</p>`
}

/** What it is a law of: `size, tokens, learning rate and batch`. */
function named({ rate, batch, repeated }: TunedResult): string {
  const names = ['size', 'tokens', ...(rate ? ['learning rate'] : []), ...(batch ? ['batch'] : [])]
  const last = repeated ? 'repeated data' : names.pop()
  return `${names.join(', ')} and ${last}`
}

function targetsTable({ predictions, rate, batch, batchUnit }: TunedResult): Html {
  const cell = ({ value, interval }: Estimated, format: Format = significant) => withInterval(value, interval, format)
  const head = [
    'FLOPs',
    'N',
    'D',
    ...(rate ? ['learning rate'] : []),
    ...(batch ? [`batch (${batchUnit})`] : []),
    'loss',
  ]
  const rows = predictions.map((target) => [
    compact(target.flops),
    cell(target.parameters),
    cell(target.tokens),
    ...(target.rate ? [cell(target.rate)] : []),
    ...(target.batch ? [cell(target.batch)] : []),
    cell(target.loss, nats),
  ])
  return table(head, rows)
}
