/** A part of a budget. */
export interface Part {
  /** Its class: `spent`, `reserved` or `left`. */
  readonly name: string
  readonly flops: number
  readonly text: string
}

/** A budget as a bar of its parts, and what each is. `all` is what the bar's length stands for, FLOPs. */
export function Bar({ parts, all }: { readonly parts: readonly Part[]; readonly all: number }) {
  let from = 0
  return (
    <>
      {/* The list below says the same. */}
      <svg viewBox="0 0 1000 14" preserveAspectRatio="none" aria-hidden="true">
        {parts.map(({ name, flops }) => {
          const x = from
          from += all > 0 ? (1000 * Math.max(0, flops)) / all : 0
          return <rect key={name} class={name} x={x} y="0" width={Math.max(0, from - x)} height="14" />
        })}
      </svg>
      <ul class="legend">
        {parts.map(({ name, text }) => (
          <li key={name}>
            <span class={`swatch ${name}`} aria-hidden="true" />
            {text}
          </li>
        ))}
      </ul>
    </>
  )
}
