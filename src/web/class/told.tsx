import { useState } from 'preact/hooks'

/** What came of something that was asked for, beside its button. */
export function useTold() {
  const [told, setTold] = useState<{ readonly text: string; readonly isFault: boolean } | null>(null)
  return {
    line: told && (
      <span role={told.isFault ? 'alert' : 'status'} class={told.isFault ? 'fault' : 'answer-line'}>
        {told.text}
      </span>
    ),
    say: (text: string) => setTold(text === '' ? null : { text, isFault: false }),
    fault: (error: unknown) => setTold({ text: (error as Error).message, isFault: true }),
  }
}
