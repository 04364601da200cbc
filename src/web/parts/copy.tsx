import { useState } from 'preact/hooks'
import { say } from '../words/words.ts'

/** A button that copies a text, and says that it has. */
export function Copy({ text, name }: { readonly text: string; readonly name: string }) {
  const [copied, setCopied] = useState('')
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => setCopied(text),
      () => prompt(name, text),
    )
  }
  return (
    <button type="button" title={text} onClick={copy}>
      {copied === text ? say.copied : name}
    </button>
  )
}
