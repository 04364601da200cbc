import { say } from '../words/words.ts'
import { timeText } from './header.tsx'
import { news } from './students.ts'

/** What there is to do before a class begins, and what of it is done; nothing once somebody has run something. */
export function FirstSteps() {
  const { deadline, isOpen } = news.value!
  const keys = news.value!.keys.filter(({ revoked }) => !revoked)
  if (keys.some(({ runs }) => runs > 0)) return null
  const hasDeadline = deadline !== null && !isOpen
  return (
    <section class="card first-steps" aria-labelledby="first-steps">
      <h2 id="first-steps">{say.class.firstSteps}</h2>
      <ol>
        <li>
          {keys.length > 0 ? (
            <Done text={say.class.keysMade(keys.length)} />
          ) : (
            <Go to="list" text={say.class.makeFirst} />
          )}
        </li>
        <li>
          {hasDeadline ? (
            <Done text={say.class.deadlineSet(timeText(deadline))} />
          ) : (
            <Go to="deadline" text={say.class.setDeadline} />
          )}
        </li>
        <li>{say.class.sendKeys(window.location.origin)}</li>
      </ol>
      <p class="hint">{say.class.thenComes}</p>
    </section>
  )
}

const Done = ({ text }: { readonly text: string }) => (
  <>
    <span aria-hidden="true">✓</span> {text}
  </>
)

/** A step that leads to its field. */
const Go = ({ to, text }: { readonly to: string; readonly text: string }) => (
  <a
    href={`#${to}`}
    onClick={(event) => {
      event.preventDefault()
      document.getElementById(to)?.focus()
    }}
  >
    {text}
  </a>
)
