import { computed } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { CampaignNews } from '../../campaign/live.ts'
import type { CampaignView } from '../../campaign/view.ts'
import { backtest } from '../../report/campaign/figures/backtest.ts'
import { batch } from '../../report/campaign/figures/batch.ts'
import { beliefs } from '../../report/campaign/figures/beliefs.ts'
import { design } from '../../report/campaign/figures/design.ts'
import { funnel } from '../../report/campaign/figures/funnel.ts'
import { profiles } from '../../report/campaign/figures/profiles.ts'
import { rates } from '../../report/campaign/figures/rates.ts'
import { residuals } from '../../report/campaign/figures/residuals.ts'
import { target } from '../../report/campaign/figures/target.ts'
import { trainings } from '../../report/campaign/figures/trainings.ts'
import type { Figure } from '../../report/draw/figure.ts'
import { goToDetails } from '../parts/details.ts'
import { LiveFigure } from '../parts/figure.tsx'
import { session } from '../session.ts'
import { follow, isConnected } from '../stream.ts'
import { say } from '../words/words.ts'
import { Answer } from './answer.tsx'
import { Details } from './details.tsx'
import { Gauge } from './gauge.tsx'
import { Header } from './header.tsx'
import { Next } from './next.tsx'
import { NotMade } from './not-made.tsx'
import { tellRun } from './numbers.ts'
import { Runs } from './runs.tsx'
import { drawnOf, news, pointed, selected, take, view } from './state.ts'
import { Supposing } from './supposing.tsx'
import { startWhatIf, supposed } from './what-if.ts'

/** In the order of what is asked first. */
const figures: readonly Figure<CampaignView>[] = [
  trainings,
  profiles,
  design,
  funnel,
  target,
  beliefs,
  residuals,
  backtest,
  rates,
  batch,
]
/** Those of two panels, or of lines over time, which take the room of two where there is as much. */
const wide = new Set<Figure<CampaignView>>([trainings, funnel, residuals, backtest, rates])

/** What figures are drawn of: the campaign, or what is supposed instead. */
const drawnView = computed(() => drawnOf(supposed.value ?? allOf(view.value!)))
const allOf = (shown: CampaignView) => ({ view: shown, numbers: shown.runs.map((_, k) => k) })

/** A campaign, live. */
export function CampaignPage() {
  useEffect(startWhatIf, [])
  useEffect(() => follow('events', (data) => take(data as CampaignNews)), [])
  if (session.value === 'none') return <Message text={say.noSession} />
  if (news.value === null) return <Message text={isConnected.value ? say.waiting('') : say.lost} />
  return (
    <>
      <a class="skip" href="#runs">
        {say.skip}
      </a>
      <Header />
      <main>
        <div class="top">
          <Answer />
          <Gauge />
        </div>
        <Next />
        <NotMade />
        <div class="figures">
          {figures.map((figure) => (
            <CampaignFigure key={figure.name} figure={figure} isWide={wide.has(figure)} />
          ))}
          <Supposing />
        </div>
        <Runs />
        <Details />
      </main>
    </>
  )
}

function CampaignFigure({ figure, isWide }: { figure: Figure<CampaignView>; isWide: boolean }) {
  const shown = drawnView.value
  const all = supposed.value?.numbers.length ?? view.value!.runs.length
  return (
    <LiveFigure
      figure={figure}
      isWide={isWide}
      subject={shown.view}
      numbers={shown.numbers}
      selected={selected.value}
      pointed={pointed.value}
      tell={tellRun}
      note={shown.numbers.length < all ? say.thinned(shown.numbers.length, all) : undefined}
      onPoint={point}
      onSelect={select}
      onOpen={goToDetails}
    />
  )
}

const point = (run: number | null): void => {
  pointed.value = run
}
const select = (run: number | null): void => {
  selected.value = run
}

const Message = ({ text }: { text: string }) => (
  <main class="message">
    <p role="status">{text}</p>
  </main>
)
