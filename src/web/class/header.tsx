import { systemClock } from '../../core/clock.ts'
import { percent } from '../../report/number.ts'
import { say } from '../words/words.ts'
import { isReached } from './api.ts'
import { me, signOut } from './me.ts'

/** Whose page it is. */
export function Header({ title }: { title: string }) {
  const { key, hasDocs, deadline, isOpen } = me.value!
  document.title = `${key.label || key.id} · ${title}`
  return (
    <header>
      <div class="what">
        <h1>{title}</h1>
        <p class="state">
          {say.class.signedInAs(key.label || key.id)}
          {' · '}
          {deadline === null
            ? say.class.noDeadline
            : (isOpen ? say.class.closed : say.class.until)(deadlineText(deadline))}
          {!isReached.value && (
            <span class="lost" role="status">
              {' '}
              {say.lost}
            </span>
          )}
        </p>
      </div>
      <div class="controls">
        {hasDocs && (
          <a class="button" href="/docs" target="_blank" rel="noreferrer">
            {say.class.docs}
          </a>
        )}
        <button type="button" onClick={() => void signOut()}>
          {say.class.signOut}
        </button>
      </div>
    </header>
  )
}

/** Made once: a table that is scrolled writes hundreds of times. */
const written = (year: object) =>
  new Intl.DateTimeFormat(document.documentElement.lang, {
    ...{ ...year, month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  })
const [times, timesOfOtherYears] = [written({}), written({ year: 'numeric' })]
const thisYear = new Date(systemClock.now()).getFullYear()

/** The same with the year and the zone: a deadline may be of next year, and its readers elsewhere. */
const fullTimes = new Intl.DateTimeFormat(document.documentElement.lang, {
  ...{ year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  timeZoneName: 'short',
})

/** A deadline where the reader is, to the minute. */
export const deadlineText = (iso: string): string => fullTimes.format(new Date(iso))

/** A time where the reader is, to the minute. */
export function timeText(iso: string | null): string {
  if (iso === null) return '–'
  const time = new Date(iso)
  return (time.getFullYear() === thisYear ? times : timesOfOtherYears).format(time)
}

/** A share to a tenth of a per cent. */
export const shareText = (share: number): string => percent(Math.round(1000 * share) / 1000)
