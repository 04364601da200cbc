import { useEffect, useRef, useState } from 'preact/hooks'
import { say } from '../words/words.ts'
import { Refusal, signedOut } from './api.ts'
import { signIn } from './me.ts'

/** What is wrong, without the key: others may see the screen. */
function faultOf(error: Error): string {
  if (error instanceof Refusal && error.status === 422) return say.class.wrongKey
  return error.message
}

/** Where somebody gives a key, once. */
export function SignIn() {
  const [key, setKey] = useState('')
  const [fault, setFault] = useState('')
  const [isBusy, setBusy] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  // There is nothing else to do here.
  useEffect(() => input.current?.focus(), [])
  document.title = say.class.title
  const submit = async (event: Event) => {
    event.preventDefault()
    if (isBusy) return
    setBusy(true)
    setFault('')
    try {
      await signIn(key)
    } catch (error) {
      setFault(faultOf(error as Error))
    }
    setBusy(false)
  }
  return (
    <main class="sign-in">
      <form class="card" onSubmit={submit}>
        <h1>{say.class.title}</h1>
        <p class="hint">{say.class.what}</p>
        {signedOut.value === 'ended' && <p role="status">{say.class.ended}</p>}
        {signedOut.value === 'left' && <p role="status">{say.class.left}</p>}
        <label for="key">{say.class.key}</label>
        <input
          id="key"
          ref={input}
          type="password"
          autocomplete="current-password"
          required
          value={key}
          aria-describedby="key-about"
          onInput={(event) => setKey(event.currentTarget.value)}
        />
        <p id="key-about" class="hint">
          {say.class.keyHint}
        </p>
        {fault !== '' && (
          <p role="alert" class="fault">
            {fault}
          </p>
        )}
        <button type="submit" class="main" disabled={key.trim() === ''} aria-disabled={isBusy}>
          {say.class.signIn}
        </button>
      </form>
    </main>
  )
}
