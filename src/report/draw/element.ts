/**
 * The part of the DOM that figures use, so that they draw in a browser's document or in linkedom's, and this package needs no
 * DOM types.
 */
export interface SvgElement {
  setAttribute(name: string, value: string): void
  getAttribute(name: string): string | null
  append(...children: (SvgElement | string)[]): void
  remove(): void
  removeAttribute(name: string): void
  querySelectorAll(selector: string): Iterable<SvgElement>
  readonly attributes: Iterable<{ readonly name: string; value: string }>
  readonly outerHTML: string
}

export interface SvgDocument {
  createElementNS(namespace: string, name: string): SvgElement
}

const namespace = 'http://www.w3.org/2000/svg'

/** An SVG element with these attributes and children. */
export function element(
  document: SvgDocument,
  name: string,
  attributes: Readonly<Record<string, string | number>> = {},
  ...children: (SvgElement | string)[]
): SvgElement {
  const node = document.createElementNS(namespace, name)
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value))
  node.append(...children)
  return node
}

export interface Placed {
  readonly svg: SvgElement
  readonly x: number
  readonly y: number
}

/**
 * One SVG of several, each at its place, on white. It opens stand-alone, and in a page it shrinks with its column. It has
 * neither style sheet nor id, so many fit in one page.
 */
export function compose(
  document: SvgDocument,
  { width, height, label }: { readonly width: number; readonly height: number; readonly label: string },
  parts: readonly Placed[],
): SvgElement {
  const outer = element(document, 'svg', {
    xmlns: namespace,
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: 'img',
    'aria-label': label,
    style: 'max-width:100%;height:auto',
  })
  outer.append(element(document, 'rect', { width, height, fill: '#fff' }))
  for (const { svg, x, y } of parts) {
    // Plot's style sheet sets `height: auto`, which resizes an inner SVG; all else that it says is for a page.
    for (const style of svg.querySelectorAll('style')) style.remove()
    svg.setAttribute('x', String(x))
    svg.setAttribute('y', String(y))
    outer.append(svg)
  }
  return outer
}
