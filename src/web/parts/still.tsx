import { Component, type FunctionComponent } from 'preact'

/**
 * A part that is made again only when one of its properties is another. Not by keeping its elements, as `useMemo` would: each of those knows the whole page that
 * it was first a part of, which is never let go then.
 */
export function still<Props extends object>(Part: FunctionComponent<Props>) {
  return class Still extends Component<Props> {
    override shouldComponentUpdate(next: Props): boolean {
      const names = new Set([...Object.keys(this.props), ...Object.keys(next)]) as Set<keyof Props>
      return [...names].some((name) => this.props[name] !== next[name])
    }

    override render() {
      return <Part {...(this.props as Props)} />
    }
  }
}
