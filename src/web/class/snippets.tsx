import { useState } from 'preact/hooks'
import { say } from '../words/words.ts'

/** How programs send what a form sends. The key stays out of it: it is taken from the environment. */
export interface Snippets {
  readonly curl: string
  readonly python: string
}

const address = (path: string): string => new URL(path, location.href).href
const python = (value: number | string): string => (typeof value === 'number' ? String(value) : `"${value}"`)
const dictOf = (values: Readonly<Record<string, number>>, indent: string): string =>
  Object.entries(values)
    .map(([name, value]) => `${indent}"${name}": ${python(value)},`)
    .join('\n')

export function querySnippets(values: Readonly<Record<string, number>>): Snippets {
  const query = Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
  return {
    curl: `curl -H "X-API-Key: $ISOFLOP_KEY" '${address(`/loss?${query}`)}'`,
    python: `import os, requests\n\nanswer = requests.get(\n    "${address('/loss')}",\n    params={\n${dictOf(values, '        ')}\n    },\n    headers={"X-API-Key": os.environ["ISOFLOP_KEY"]},\n)\nprint(answer.json()["loss"])`,
  }
}

export const predictionSnippets = (values: Readonly<Record<string, number>>): Snippets => ({
  curl: `curl -H "X-API-Key: $ISOFLOP_KEY" -H 'Content-Type: application/json' \\\n  -d '${JSON.stringify(values)}' \\\n  '${address('/submission')}'`,
  python: `import os, requests\n\nanswer = requests.post(\n    "${address('/submission')}",\n    json={\n${dictOf(values, '        ')}\n    },\n    headers={"X-API-Key": os.environ["ISOFLOP_KEY"]},\n)\nprint(answer.json())`,
})

/** The same as a program would send it. */
export function AsProgram({ snippets }: { snippets: Snippets | null }) {
  return (
    <details class="program">
      <summary>{say.class.asProgram}</summary>
      {snippets === null ? (
        <p class="hint">{say.class.notComplete}</p>
      ) : (
        <>
          <p class="hint">{say.class.programHint}</p>
          <Code title="curl" text={snippets.curl} />
          <Code title="Python" text={snippets.python} />
        </>
      )}
    </details>
  )
}

export function Code({ title, text }: { title: string; text: string }) {
  const [isCopied, setCopied] = useState(false)
  const copy = async () => {
    await navigator.clipboard?.writeText(text)
    setCopied(true)
  }
  return (
    <div class="code">
      <div class="bar">
        <h3>{title}</h3>
        {navigator.clipboard !== undefined && (
          <button type="button" class="quiet" onClick={copy}>
            {isCopied ? say.copied : say.class.copy(title)}
          </button>
        )}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard */}
      <section class="scroll" tabIndex={0} aria-label={title}>
        <pre>
          <code>{text}</code>
        </pre>
      </section>
    </div>
  )
}
