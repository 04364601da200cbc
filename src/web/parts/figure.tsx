import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { drawingAt, type Figure, type FigureTable, type Place } from '../../report/draw/figure.ts'
import { say } from '../words/words.ts'
import { drawNever, drawn, drawSoon } from './drawing.ts'
import { still } from './still.tsx'
import { again, inOrder, Walk } from './walk.tsx'

interface Props<Subject> {
  readonly figure: Figure<Subject>
  readonly subject: Subject
  /** What each run of the subject is called outside of it. */
  readonly numbers: readonly number[]
  readonly selected: number | null
  readonly pointed: number | null
  readonly onPoint: (run: number | null) => void
  readonly onSelect: (run: number | null) => void
  /** Goes to what is told of the run that the keyboard has picked. */
  readonly onOpen?: () => void
  /** What is told of a run that is pointed at. */
  readonly tell: (run: number) => readonly string[]
  readonly note?: string | undefined
  /** Whether it takes the room of two. */
  readonly isWide?: boolean
  /** Whether it is of what was asked before. */
  readonly isStale?: boolean
}

const StillNumbers = still(({ table: { columns, rows }, label }: { table: FigureTable; label: string }) => (
  <details class="reading">
    <summary>{say.table}</summary>
    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard */}
    <section class="scroll" tabIndex={0} aria-label={label}>
      <table>
        <thead>
          <tr>
            {columns.map((title) => (
              <th key={title} scope="col" class="number">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <tr key={at}>
              {row.map((cell, k) => (
                <td key={columns[k]} class="number">
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  </details>
))

interface Drawn {
  readonly width: number
  readonly height: number
  readonly places: readonly Place[]
  readonly caption: string
}

/** As near as this, pixels, a run is pointed at. */
const reach = 22
const widest = 1240
/** A page of A4 or Letter between its margins, pixels: a figure that was drawn for a screen would be shrunk on it, letters and all. */
const paper = 680

/** A figure of a report, as wide as its column, in which runs can be pointed at. Nothing where its subject lacks what it shows. */
export function LiveFigure<Subject>(props: Props<Subject>) {
  const { figure, subject, numbers, selected, pointed, note } = props
  const box = useRef<HTMLDivElement>(null)
  const width = useWidth(box)
  const [shown, setShown] = useState<Drawn | null>(null)
  const [isEmpty, setEmpty] = useState(false)
  const [isHere, setHere] = useState(false)
  const [walked, setWalked] = useState<Place | null>(null)
  const [isWalked, setIsWalked] = useState(false)
  const key = useRef({}).current
  const table = useMemo(() => figure.table?.(subject), [figure, subject])

  useEffect(() => {
    if (width === 0) return
    const drawIn = (column: number) => {
      const drawing = drawingAt(figure, subject, Math.min(column, widest))
      setEmpty(drawing === null)
      if (drawing === null || box.current === null) return setShown(null)
      box.current.firstElementChild!.replaceChildren(drawn(drawing, figure.alt(subject)))
      const places = inOrder(
        (figure.places?.(subject, drawing) ?? []).map(({ run, x, y }) => ({ run: numbers[run], x, y })),
      )
      setShown({ width: drawing.width ?? 800, height: drawing.height, places, caption: figure.caption(subject) })
    }
    const draw = () => drawIn(width)
    const isInSight = () => isSeen(box.current)
    drawSoon(key, { draw, isSeen: isInSight })
    // What is printed is looked at whole, and at once.
    const print = () => {
      drawNever(key)
      drawIn(paper)
    }
    const back = () => drawSoon(key, { draw, isSeen: isInSight })
    addEventListener('beforeprint', print)
    addEventListener('afterprint', back)
    return () => {
      removeEventListener('beforeprint', print)
      removeEventListener('afterprint', back)
      drawNever(key)
    }
  }, [figure, subject, width, key, numbers])

  const { onPoint, onSelect, onOpen } = props
  useEffect(() => {
    const node = box.current
    if (node === null || shown === null) return
    const nearest = (event: MouseEvent): number | null => {
      const { left, top, width: across } = node.getBoundingClientRect()
      const scale = shown.width / Math.min(across, shown.width)
      return nearestOf(shown.places, (event.clientX - left) * scale, (event.clientY - top) * scale)
    }
    const ending = new AbortController()
    const { signal } = ending
    const move = (event: MouseEvent) => {
      setHere(true)
      onPoint(nearest(event))
    }
    const leave = () => {
      setHere(false)
      onPoint(null)
    }
    node.addEventListener('pointermove', move, { signal })
    node.addEventListener('pointerleave', leave, { signal })
    node.addEventListener('click', (event) => onSelect(nearest(event)), { signal })
    return () => ending.abort()
  }, [shown, onPoint, onSelect])
  const at = again(shown?.places ?? [], isWalked ? walked : null)
  const marked = shown?.places.filter(({ run }) => run === selected || run === pointed || run === at?.run) ?? []
  // Marked everywhere, told where the hand is, or the keyboard.
  const tip = at ?? (pointed === null || !isHere ? undefined : marked.find(({ run }) => run === pointed))
  const go = (place: Place | null) => {
    setWalked(place)
    onPoint(place?.run ?? null)
  }
  const arrive = (isThere: boolean) => {
    setIsWalked(isThere)
    onPoint(isThere ? (walked?.run ?? null) : null)
  }
  const open = (run: number) => {
    onSelect(run)
    onOpen?.()
  }
  return (
    <figure
      class={`figure${props.isWide ? ' wide' : ''}${props.isStale ? ' stale' : ''}`}
      aria-busy={props.isStale ?? false}
      data-figure={figure.name}
      hidden={isEmpty}
    >
      <h2>{figure.title}</h2>
      <div class="drawing" ref={box}>
        <div class="paper" />
        {shown && (
          <svg
            class="over"
            aria-hidden="true"
            width={shown.width}
            height={shown.height}
            viewBox={`0 0 ${shown.width} ${shown.height}`}
          >
            {marked.map(({ run, x, y }, k) => (
              <circle key={k} class={run === selected ? 'selected' : 'pointed'} cx={x} cy={y} r="9" />
            ))}
          </svg>
        )}
        {shown && shown.places.length > 0 && (
          <Walk
            {...{ title: figure.title, places: shown.places, at, selected, tell: props.tell }}
            onGo={go}
            onHere={arrive}
            onOpen={open}
          />
        )}
        {tip && shown && <Tip place={tip} within={shown} lines={props.tell(tip.run)} />}
      </div>
      <StillReading caption={shown?.caption} note={note} />
      {table && table.rows.length > 0 && <StillNumbers table={table} label={figure.title} />}
    </figure>
  )
}

const StillReading = still(({ caption, note }: { caption: string | undefined; note: string | undefined }) => (
  <details class="reading caption">
    <summary>{say.caption}</summary>
    <p>
      {caption} {note}
    </p>
  </details>
))

function Tip({ place, within, lines }: { place: Place; within: Drawn; lines: readonly string[] }) {
  const tip = useRef<HTMLDivElement>(null)
  // Placed by the way that the page's policy allows.
  useEffect(() => {
    const node = tip.current
    if (node === null) return
    // By its nearer corner and not by a transform, for which the browser would sort all that is drawn into layers again at every run, 6 ms.
    const [isRight, isLow] = [place.x > within.width / 2, place.y > within.height / 2]
    node.style.left = isRight ? '' : `${place.x + 14}px`
    node.style.right = isRight ? `calc(100% - ${place.x - 14}px)` : ''
    node.style.top = isLow ? '' : `${place.y}px`
    node.style.bottom = isLow ? `calc(100% - ${place.y}px)` : ''
  })
  return (
    <div class="tip" ref={tip} aria-hidden="true">
      {lines.map((line) => (
        <div key={line}>{line}</div>
      ))}
    </div>
  )
}

function nearestOf(places: readonly Place[], x: number, y: number): number | null {
  let best: Place | null = null
  let least = reach * reach
  for (const place of places) {
    const far = (place.x - x) ** 2 + (place.y - y) ** 2
    if (far < least) [best, least] = [place, far]
  }
  return best?.run ?? null
}

/** The width of an element in whole pixels, followed; 0 before it is known. */
export function useWidth(box: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0)
  useEffect(() => {
    const node = box.current
    if (node === null) return
    const observer = new ResizeObserver(([{ contentRect }]) => {
      // What is hidden has none, and keeps the one that it had.
      if (contentRect.width > 0) setWidth(Math.floor(contentRect.width))
    })
    observer.observe(node)
    return () => observer.disconnect()
  }, [box])
  return width
}

function isSeen(node: HTMLElement | null): boolean {
  if (node === null) return false
  const { top, bottom } = node.getBoundingClientRect()
  return bottom > 0 && top < innerHeight
}
