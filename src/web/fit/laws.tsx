import { flopsText, usual } from '../../explore/command.ts'
import { parsePrior } from '../../fit/norm/prior-text.ts'
import { say } from '../words/words.ts'
import { Field, parseNumbers, parseWhole } from './field.tsx'
import { askJoint, askWith, data, how, isGrouped, isJoint } from './state.ts'

/** What else is asked of the fit: budgets to predict, laws of more than N and D, and what few change. */
export const Question = () => (
  <section class="card question" aria-labelledby="question">
    <h2 id="question">{say.fit.question}</h2>
    <Targets />
    <Laws />
    <Numbers />
  </section>
)

/** Budgets to predict, FLOPs, parted by commas. */
const Targets = () => (
  <Field
    label={say.fit.targets}
    text={how.value!.targets?.map(flopsText).join(', ') ?? ''}
    placeholder={say.fit.targetsHint}
    wrong={say.fit.noBudget}
    parse={parseNumbers}
    onTake={(targets) => askWith({ targets: targets && [...targets] })}
  />
)

/** The laws of more than N and D: of every setting that the table has, and of repeated data. */
function Laws() {
  const { repeats, uniqueTokens } = how.value!
  const { tuning } = data.value!.runs
  const why = (has: boolean, lacks: string): string => (isGrouped.value ? say.fit.oneDataSet : has ? '' : lacks)
  const [notJoint, notRepeats] = [
    why(tuning !== null, say.fit.noSettings),
    why(tuning?.unique != null, say.fit.noUnique),
  ]
  return (
    <fieldset class="laws">
      <legend class="hint">{say.fit.laws}</legend>
      <Check label={say.fit.joint} isOn={isJoint.value} whyNot={notJoint} onTurn={askJoint} />
      <Check label={say.fit.repeats} isOn={repeats} whyNot={notRepeats} onTurn={(isOn) => askWith({ repeats: isOn })} />
      {repeats && notRepeats === '' && (
        <Field
          label={say.fit.uniqueTokens}
          text={uniqueTokens?.map(flopsText).join(', ') ?? ''}
          placeholder={say.fit.uniqueHint}
          wrong={say.fit.noTokens}
          parse={parseTokens}
          onTake={(tokens) => askWith({ uniqueTokens: tokens && [...tokens] })}
        />
      )}
    </fieldset>
  )
}

function parseTokens(text: string): readonly number[] | null | undefined {
  const tokens = parseNumbers(text)
  return tokens?.some((count) => count < 1) ? undefined : tokens
}

interface CheckProps {
  readonly label: string
  readonly isOn: boolean
  /** Why it cannot be asked for; empty where it can. What is on can be turned off in any case. */
  readonly whyNot: string
  readonly onTurn: (isOn: boolean) => void
}

export const Check = ({ label, isOn, whyNot, onTurn }: CheckProps) => (
  <label class="check">
    <input
      type="checkbox"
      checked={isOn}
      disabled={whyNot !== '' && !isOn}
      onChange={(event) => onTurn(event.currentTarget.checked)}
    />
    <span>
      {label} {whyNot !== '' && <span class="hint">{whyNot}</span>}
    </span>
  </label>
)

/** Prior, intervals and seed: what few change. */
function Numbers() {
  const { prior, confidence, resamples, seed, starts } = how.value!
  const isChanged =
    prior !== null ||
    confidence !== usual.confidence ||
    resamples !== usual.resamples ||
    seed !== usual.seed ||
    starts !== usual.starts
  return (
    <details class="reading" open={isChanged}>
      <summary>{say.fit.numbers}</summary>
      <div class="fields">
        <Field
          label={say.fit.prior}
          text={prior ?? ''}
          placeholder="alpha=0.3:0.2,q=1"
          wrong={say.fit.noPrior}
          parse={(text) => (text === '' ? null : parsePrior(text) ? text : undefined)}
          onTake={(text) => askWith({ prior: text })}
        />
        <Field
          label={say.fit.confidence}
          text={String(confidence)}
          wrong={say.fit.noConfidence}
          parse={(text) => (Number(text) > 0 && Number(text) < 1 ? Number(text) : undefined)}
          onTake={(value) => askWith({ confidence: value })}
        />
        <Field
          label={say.fit.resamples}
          text={String(resamples)}
          wrong={say.fit.noWhole(20)}
          parse={parseWhole(20)}
          onTake={(value) => askWith({ resamples: value })}
        />
        <Field
          label={say.fit.seed}
          text={String(seed)}
          wrong={say.fit.noWhole(0)}
          parse={parseWhole(0)}
          onTake={(value) => askWith({ seed: value })}
        />
        <Field
          label={say.fit.starts}
          text={String(starts)}
          wrong={say.fit.noWhole(1)}
          parse={parseWhole(1)}
          onTake={(value) => askWith({ starts: value })}
        />
      </div>
    </details>
  )
}
