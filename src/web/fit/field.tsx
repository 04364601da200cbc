import { useState } from 'preact/hooks'

interface Props<Value> {
  readonly label: string
  /** What stands there, as it is typed. */
  readonly text: string
  /** The value of a text; undefined where it is none. */
  readonly parse: (text: string) => Value | undefined
  readonly onTake: (value: Value) => void
  /** What is said of a text that is none. */
  readonly wrong: string
  readonly placeholder?: string
}

/** A value that is typed, and taken by Enter or on leaving the field. */
export const Field = <Value,>(props: Props<Value>) => <Draft key={props.text} {...props} />

function Draft<Value>({ label, text, parse, onTake, wrong, placeholder }: Props<Value>) {
  const [draft, setDraft] = useState(text)
  const [isWrong, setWrong] = useState(false)
  const take = () => {
    const value = parse(draft.trim())
    setWrong(value === undefined)
    if (value !== undefined && draft.trim() !== text) onTake(value)
  }
  return (
    <label class="field">
      {label}
      <input
        value={draft}
        placeholder={placeholder ?? ''}
        aria-invalid={isWrong}
        spellcheck={false}
        autocomplete="off"
        onInput={(event) => setDraft(event.currentTarget.value)}
        onChange={take}
        onKeyDown={(event) => event.key === 'Enter' && take()}
      />
      {isWrong && (
        <span class="lost" role="alert">
          {wrong}
        </span>
      )}
    </label>
  )
}

/** Numbers above 0 parted by commas, ascending, each once; null for none. */
export function parseNumbers(text: string): readonly number[] | null | undefined {
  const numbers = text
    .split(/[\s,;]+/)
    .filter(Boolean)
    .map(Number)
  if (!numbers.every((x) => Number.isFinite(x) && x > 0) || numbers.length > 50) return undefined
  return numbers.length === 0 ? null : [...new Set(numbers)].sort((a, b) => a - b)
}

/** A whole number of at least so many. */
export const parseWhole =
  (least: number) =>
  (text: string): number | undefined => {
    const value = text === '' ? Number.NaN : Number(text)
    return Number.isSafeInteger(value) && value >= least ? value : undefined
  }
