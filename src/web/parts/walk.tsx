import type { Place } from '../../report/draw/figure.ts'
import { say } from '../words/words.ts'

interface Props {
  /** What the figure is called. */
  readonly title: string
  /** In the order in which they are walked. */
  readonly places: readonly Place[]
  readonly at: Place | null
  readonly selected: number | null
  readonly onGo: (place: Place | null) => void
  /** Whether the keyboard is here. */
  readonly onHere: (isHere: boolean) => void
  readonly onOpen: (run: number) => void
  readonly tell: (run: number) => readonly string[]
}

/** A figure for the keyboard: arrows go from run to run as they stand from left to right, Enter opens one, Escape lets go of it. */
export function Walk({ title, places, at, selected, onGo, onHere, onOpen, tell }: Props) {
  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return
    if (event.key === 'Escape') return onGo(null)
    if (event.key === 'Enter' && at !== null) return onOpen(at.run)
    const to = placeBy(event.key, places, at, selected)
    if (to === null) return
    event.preventDefault()
    onGo(to)
  }
  return (
    <>
      <div
        class="walk"
        // An application, as arrows would else read on. The picture beside it keeps its words.
        role="application"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it takes keys
        tabIndex={0}
        aria-label={say.walk(title)}
        onKeyDown={press}
        onFocus={() => onHere(true)}
        onBlur={() => onHere(false)}
      />
      <p class="unseen" aria-live="polite">
        {at && tell(at.run).join(', ')}
      </p>
    </>
  )
}

/** From left to right, and from the top where they stand above each other. */
export const inOrder = (places: readonly Place[]): Place[] => places.toSorted((a, b) => a.x - b.x || a.y - b.y)

/** Where a key leads to; null where it leads nowhere. The way begins at the run that is picked. */
function placeBy(key: string, places: readonly Place[], at: Place | null, selected: number | null): Place | null {
  const step = { ArrowLeft: -1, ArrowRight: 1, Home: -places.length, End: places.length }[key]
  if (step === undefined || places.length === 0) return null
  const from = at === null ? -1 : places.indexOf(at)
  if (from < 0 && Math.abs(step) === 1) return places.find(({ run }) => run === selected) ?? places[0]
  return places[Math.min(Math.max(Math.max(from, 0) + step, 0), places.length - 1)]
}

/** The place of the same run in a figure that was drawn anew. */
export function again(places: readonly Place[], before: Place | null): Place | null {
  if (before === null) return null
  const far = ({ x, y }: Place) => Math.hypot(x - before.x, y - before.y)
  const same = places.filter(({ run }) => run === before.run)
  return same.reduce<Place | null>((best, place) => (best === null || far(place) < far(best) ? place : best), null)
}
