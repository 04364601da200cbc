import { useEffect, useState } from 'preact/hooks'
import { capital } from '../../report/prose.ts'
import { say } from '../words/words.ts'
import { Refusal } from './api.ts'
import { deadlineText } from './header.tsx'
import { changeClass, news } from './students.ts'
import { useTold } from './told.tsx'

/** Deadline, attempts, leaderboard: what holds for every server of the database at once. */
export function SettingsCard() {
  const { settings, changed, started, backend } = news.value!
  const [attempts, setAttempts] = useState(String(settings.submissions))
  // Somebody else may change it meanwhile: what stands here is what would be saved.
  useEffect(() => setAttempts(String(settings.submissions)), [settings.submissions])
  /** What was clicked, until the server has it. */
  const [wanted, setWanted] = useState<boolean | null>(null)
  const told = useTold()
  const set = (body: unknown, done: string) => {
    told.say('')
    return changeClass('settings', body).then(() => told.say(done), told.fault)
  }
  const isCount = /^[1-9]\d{0,5}$/.test(attempts.trim())
  return (
    <section class="card settings" aria-labelledby="settings">
      <h2 id="settings">{say.class.settings}</h2>
      <Deadline />
      <form
        class="controls"
        onSubmit={(event) => {
          event.preventDefault()
          if (isCount) void set({ submissions: Number(attempts) }, say.class.saved)
        }}
      >
        <label>
          {say.class.attemptsEach}{' '}
          <input
            class="short"
            name="attempts"
            inputMode="numeric"
            value={attempts}
            aria-invalid={!isCount}
            onInput={(event) => setAttempts(event.currentTarget.value)}
          />
        </label>
        <button type="submit" disabled={!isCount} aria-label={`${say.class.save}: ${say.class.attemptsEach}`}>
          {say.class.save}
        </button>
        {changed.submissions !== undefined && (
          <button
            type="button"
            class="quiet"
            onClick={() => {
              setAttempts(String(started.submissions))
              void set({ submissions: null }, say.class.saved)
            }}
          >
            {say.class.asStarted(String(started.submissions))}
          </button>
        )}
      </form>
      <label class="check">
        <input
          type="checkbox"
          checked={wanted ?? settings.leaderboard}
          onChange={({ currentTarget: { checked } }) => {
            setWanted(checked)
            void set({ leaderboard: checked }, say.class.saved).then(() => setWanted(null))
          }}
        />{' '}
        {say.class.publish}
      </label>
      <p class="hint">{say.class.publishHint}</p>
      {/* Whoever knows a world's name has it at home, and a class sees what is on the wall. */}
      <details class="program">
        <summary>{say.class.answers}</summary>
        <code>{backend}</code>
      </details>
      {told.line}
    </section>
  )
}

/** As the field for a time where the reader is wants it. */
function localText(iso: string | null): string {
  if (iso === null) return ''
  const time = new Date(iso)
  return new Date(time.getTime() - 60_000 * time.getTimezoneOffset()).toISOString().slice(0, 16)
}

function Deadline() {
  const { deadline, isOpen } = news.value!
  const [text, setText] = useState(localText(deadline))
  useEffect(() => setText(localText(deadline)), [deadline])
  const [again, setAgain] = useState<string | null | undefined>(undefined)
  const told = useTold()
  const set = async (wanted: string | null, inSpite: { reopen?: boolean; atOnce?: boolean } = {}) => {
    told.say('')
    setAgain(undefined)
    try {
      await changeClass('settings', { deadline: wanted, ...inSpite })
      setText(localText(wanted))
      told.say(say.class.saved)
    } catch (error) {
      if (error instanceof Refusal) setAgain(wanted)
      told.fault(error)
    }
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (text !== '') void set(new Date(text).toISOString())
      }}
    >
      <p>
        {deadline === null
          ? say.class.noDeadlineYet
          : capital((isOpen ? say.class.closed : say.class.until)(deadlineText(deadline)))}
      </p>
      <div class="controls">
        <label>
          {say.class.deadline}{' '}
          <input
            id="deadline"
            type="datetime-local"
            name="deadline"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <button type="submit" disabled={text === ''} aria-label={`${say.class.save}: ${say.class.deadline}`}>
          {say.class.save}
        </button>
        {deadline !== null && (
          <button type="button" class="quiet" onClick={() => void set(null)}>
            {say.class.removeDeadline}
          </button>
        )}
        {again !== undefined && (
          <button type="button" onClick={() => void set(again, { reopen: isOpen, atOnce: true })}>
            {isOpen ? say.class.reopen : say.class.endAtOnce}
          </button>
        )}
        {told.line}
      </div>
    </form>
  )
}
