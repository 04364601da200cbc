import { useEffect, useState } from 'preact/hooks'
import { compact, nats, significant } from '../../report/number.ts'
import { type Fact, Facts, TitleBar } from '../parts/details-card.tsx'
import { say } from '../words/words.ts'
import { shareText, timeText } from './header.tsx'
import { Profiles } from './runs.tsx'
import { Code } from './snippets.tsx'
import { changeClass, choose, conditionOf, detail, goToStudent, type Past, shareOf, student } from './students.ts'
import { useTold } from './told.tsx'
import { modelText } from './wire.ts'

/** One student: what they did, and what may be done with their key. */
export function StudentCard() {
  const one = student.value!
  const { busiestShare, firstRun, lastSeen, grade } = one
  const facts: readonly Fact[] = [
    [say.class.condition, say.class.conditions[conditionOf(one)]],
    [say.budget, `${shareText(shareOf(one))} ${say.ofBudget(compact(Number(one.budget)))}`],
    [say.class.runsColumn, String(one.runs)],
    [say.class.firstRun, timeText(firstRun)],
    [say.class.lastSeen, timeText(lastSeen)],
    [say.class.busiest, shareText(busiestShare)],
    ...(grade === null ? [] : [[say.class.regret, significant(grade.regret)] as const]),
    [say.class.keyName, one.id],
  ]
  return (
    <section class="card student-card" aria-labelledby="student">
      <TitleBar id="student" title={one.label || one.id} onClose={() => choose(null)} />
      <Facts facts={facts} />
      <KeyActions />
      <Predictions />
      <OwnProfiles />
    </section>
  )
}

/** Each asks once more where it cannot be undone. */
function KeyActions() {
  const one = student.value!
  const [isSure, setSure] = useState<'rekey' | 'reset' | null>(null)
  const [key, setKey] = useState<string | null>(null)
  const [budget, setBudget] = useState(compact(Number(one.budget), 17))
  // Somebody else may change it meanwhile.
  useEffect(() => setBudget(compact(Number(one.budget), 17)), [one.budget])
  const told = useTold()
  const act = (work: () => Promise<string>) => () => {
    setSure(null)
    setKey(null)
    told.say('')
    work().then(told.say, told.fault)
  }
  const change = (what: string, done: string, body: unknown = {}) =>
    act(async () => {
      await changeClass(`keys/${one.id}/${what}`, body)
      return done
    })
  const rekey = act(async () => {
    setKey((await changeClass<{ key: string }>(`keys/${one.id}/rekey`)).key)
    return say.class.rekeyed
  })
  return (
    <>
      <div class="controls">
        {one.revoked ? (
          <button type="button" class="main" onClick={change('restore', say.class.restored)}>
            {say.class.restore}
          </button>
        ) : (
          <button type="button" onClick={change('revoke', say.class.revoked)}>
            {say.class.revoke}
          </button>
        )}
        <button type="button" onClick={isSure === 'rekey' ? rekey : () => setSure('rekey')}>
          {isSure === 'rekey' ? say.class.rekeySure : say.class.rekey}
        </button>
        <button
          type="button"
          onClick={isSure === 'reset' ? change('reset', say.class.wasReset) : () => setSure('reset')}
        >
          {isSure === 'reset' ? say.class.resetSure(one.runs) : say.class.reset}
        </button>
      </div>
      <form
        class="controls"
        onSubmit={(event) => {
          event.preventDefault()
          change('budget', say.class.budgetSet, { budget })()
        }}
      >
        <label>
          {say.budget}{' '}
          <input
            class="short"
            name="budget"
            value={budget}
            autocomplete="off"
            onInput={(event) => setBudget(event.currentTarget.value)}
          />
        </label>
        <button type="submit">{say.class.setBudget}</button>
        {told.line}
      </form>
      <TakeBack act={act} />
      {key !== null && <Code title={say.class.newKey} text={key} />}
    </>
  )
}

/** What was reset or given another key can be as it was. */
function TakeBack({ act }: { readonly act: (work: () => Promise<string>) => () => void }) {
  const { id, pasts = [] } = detail.value ?? {}
  if (pasts.length === 0) return null
  const back = ({ kind, at }: Past) =>
    act(async () => {
      await changeClass(`keys/${id}/take-back`, { what: kind, at })
      goToStudent() // the button is gone
      return say.class.tookBack[kind]
    })
  return (
    <div class="controls">
      {pasts.map((past) => (
        <button type="button" key={past.kind} onClick={back(past)}>
          {past.kind === 'reset'
            ? say.class.undoReset(timeText(past.at), past.runs, past.submissions)
            : say.class.undoRekey(timeText(past.at))}
        </button>
      ))}
    </div>
  )
}

function Predictions() {
  const { submissions = [] } = detail.value ?? {}
  if (submissions.length === 0) return null
  return (
    <ul class="predictions">
      {[...submissions].reverse().map(({ submittedAt, predictedLoss, config }) => (
        <li key={submittedAt}>
          {timeText(submittedAt)}: <strong>{nats(predictedLoss)}</strong> {modelText(config)}, {say.rate}{' '}
          {significant(config.learning_rate)}
        </li>
      ))}
    </ul>
  )
}

function OwnProfiles() {
  const [pointed, setPointed] = useState<number | null>(null)
  const [selected, setSelected] = useState<number | null>(null)
  if (detail.value === null) return null
  return <Profiles runs={detail.value.runs} {...{ pointed, selected, onPoint: setPointed, onSelect: setSelected }} />
}
