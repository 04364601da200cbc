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
          {deadline === null ? say.class.noDeadline : (isOpen ? say.class.closed : say.class.until)(timeText(deadline))}
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

/** A time where the reader is, to the minute. */
export const timeText = (iso: string | null): string =>
  iso === null
    ? '–'
    : new Date(iso).toLocaleString(document.documentElement.lang, {
        ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' },
      })
