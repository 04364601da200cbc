import type { ComponentChildren } from 'preact'
import { say } from '../words/words.ts'

/** A name, and what is to be said of it. */
export type Fact = readonly [string, string]

interface DetailsCardProps {
  /** Of the title, which the keyboard may go to. */
  readonly id: string
  readonly title: string
  readonly facts: readonly Fact[]
  readonly onClose: () => void
  readonly children: ComponentChildren
}

/** Everything about the one that is looked at. */
export function DetailsCard({ id, title, facts, onClose, children }: DetailsCardProps) {
  return (
    <aside class="details card" aria-labelledby={id}>
      <TitleBar {...{ id, title, onClose }} />
      <Facts facts={facts} />
      {children}
    </aside>
  )
}

export const TitleBar = ({ id, title, onClose }: Pick<DetailsCardProps, 'id' | 'title' | 'onClose'>) => (
  <div class="bar">
    <h2 id={id} tabIndex={-1}>
      {title}
    </h2>
    <button type="button" class="quiet" onClick={onClose}>
      {say.close}
    </button>
  </div>
)

export const Facts = ({ facts }: Pick<DetailsCardProps, 'facts'>) => (
  <dl>
    {facts.map(([name, value]) => (
      <div key={name} class={value.length > 24 ? 'long' : ''}>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
)
