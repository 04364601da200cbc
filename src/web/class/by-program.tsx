import { compact } from '../../report/number.ts'
import { say } from '../words/words.ts'

/** On a server of a space of a file, in the place of the forms, which have the course's limits: how programs ask for its runs. */
export function ByProgram({ name, target }: { readonly name: string; readonly target: string }) {
  return (
    <section class="card" aria-labelledby="by-program">
      <h2 id="by-program">{say.class.query}</h2>
      <p>{say.class.ofSpace(name)}</p>
      <ul>
        <li>
          <code>GET /v2/space</code>: {say.class.spaceFile}
        </li>
        <li>
          <code>POST /v2/runs</code>: {say.class.spaceRun}
        </li>
        <li>
          <code>POST /submission</code>: {say.class.spacePrediction(compact(Number(target)))}
        </li>
      </ul>
    </section>
  )
}
