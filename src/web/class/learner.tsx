import { useEffect } from 'preact/hooks'
import { say } from '../words/words.ts'
import { Budget } from './budget.tsx'
import { ByProgram } from './by-program.tsx'
import { Header } from './header.tsx'
import { Leaderboard } from './leaderboard.tsx'
import { keepLooking, me, pointed, runs, selected } from './me.ts'
import { OpenRuns } from './open-list.tsx'
import { followRuns } from './open-runs.ts'
import { PredictionCard } from './prediction.tsx'
import { QueryForm } from './query-form.tsx'
import { Profiles, RunsTable } from './runs.tsx'

/** The page of who has a key: the budget, a form for runs, what they say, the prediction. */
export function LearnerPage() {
  useEffect(() => keepLooking(), [])
  useEffect(() => followRuns(), [])
  const space = me.value?.space ?? null
  const marks = {
    runs: runs.value,
    selected: selected.value,
    pointed: pointed.value,
    onSelect: (run: number | null) => {
      selected.value = run
    },
    onPoint: (run: number | null) => {
      pointed.value = run
    },
  }
  return (
    <>
      <a class="skip" href="#runs">
        {say.skip}
      </a>
      <Header title={say.class.title} />
      <main>
        <Budget />
        <div class="columns">
          <div class="column">
            {space ? <ByProgram {...space} /> : <QueryForm />}
            <OpenRuns />
            {!space && <PredictionCard />}
          </div>
          <div class="column">
            <Profiles {...marks} />
            <RunsTable {...marks} />
            <Leaderboard />
          </div>
        </div>
      </main>
    </>
  )
}
