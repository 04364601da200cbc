import { useId } from 'preact/hooks'

interface Props {
  readonly name: string
  readonly value: string
  readonly fault?: string | undefined
  readonly hint?: string
  readonly choices?: readonly string[]
  readonly onInput: (value: string) => void
}

/** A field of a form, named as programs name it, with what is wrong with it below. */
export function Field({ name, value, fault, hint = '', choices, onInput }: Props) {
  const id = useId()
  const about = { id, name, value, 'aria-invalid': fault !== undefined, 'aria-describedby': `${id}-about` }
  return (
    <div class="field">
      <label for={id}>
        <code>{name}</code>
      </label>
      {choices === undefined ? (
        <input
          {...about}
          type="text"
          inputMode="decimal"
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      ) : (
        <select {...about} onChange={(event) => onInput(event.currentTarget.value)}>
          {choices.map((choice) => (
            <option key={choice} value={choice}>
              {choice}
            </option>
          ))}
        </select>
      )}
      <span id={`${id}-about`} class={fault === undefined ? 'hint' : 'fault'} aria-live="polite">
        {fault ?? hint}
      </span>
    </div>
  )
}
