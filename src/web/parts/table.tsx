import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { say } from '../words/words.ts'
import { isPrinting } from './printing.ts'
import { still } from './still.tsx'

export interface Column<Row> {
  readonly key: string
  readonly title: string
  readonly isNumber?: boolean
  readonly cell: (row: Row) => string
  /** What it is sorted by; null stands last. */
  readonly sort: (row: Row) => number | string | null
}

interface Props<Row> {
  readonly label: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => number
  readonly selected: number | null
  readonly pointed: number | null
  readonly onSelect: (key: number | null) => void
  readonly onPoint: (key: number | null) => void
  /** Enter on the row that is selected: goes to what is told of it. */
  readonly onOpen?: () => void
}

/** Pixels, as in style.css. */
const rowHeight = 28
const overscan = 8
/** Rows on paper: some forty pages. */
const mostPrinted = 2000

interface Order {
  readonly key: string
  readonly isDown: boolean
}

/** A table of any length: only the rows in sight are there. Sorted by a click on a title; arrows go from row to row. */
export function Table<Row>(props: Props<Row>) {
  const { label, columns, rows, keyOf, selected, pointed, onSelect, onPoint } = props
  const [order, setOrder] = useState<Order | null>(null)
  const box = useRef<HTMLDivElement>(null)
  const [place, setPlace] = useState({ top: 0, height: 480 })
  const sorted = useMemo(() => sort(rows, columns, order), [rows, columns, order])
  const at = useMemo(() => sorted.findIndex((row) => keyOf(row) === selected), [sorted, selected, keyOf])

  useEffect(() => {
    const node = box.current
    if (node === null || at < 0) return
    const top = at * rowHeight
    if (top < node.scrollTop) node.scrollTop = top
    else if (top > node.scrollTop + node.clientHeight - 3 * rowHeight)
      node.scrollTop = top - node.clientHeight + 3 * rowHeight
  }, [at])

  const isWhole = isPrinting.value
  const first = isWhole ? 0 : Math.max(0, Math.floor(place.top / rowHeight) - overscan)
  const end = isWhole ? mostPrinted : Math.ceil((place.top + place.height) / rowHeight) + overscan
  const last = Math.min(sorted.length, end)
  const move = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && event.target === box.current && at >= 0) props.onOpen?.()
    const step = steps[event.key]
    if (step === undefined || sorted.length === 0) return
    event.preventDefault()
    const next = at < 0 ? 0 : Math.min(Math.max(at + step, 0), sorted.length - 1)
    onSelect(keyOf(sorted[next]))
  }
  return (
    <section
      class="scroll long"
      ref={box}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
      tabIndex={0}
      aria-label={label}
      onKeyDown={move}
      onScroll={({ currentTarget: { scrollTop: top, clientHeight: height } }) => setPlace({ top, height })}
      onPointerLeave={() => onPoint(null)}
    >
      <table aria-rowcount={rows.length + 1}>
        <thead>
          <tr>
            {columns.map(({ key, title, isNumber }) => (
              <th
                key={key}
                scope="col"
                class={isNumber ? 'number' : ''}
                aria-sort={order?.key !== key ? 'none' : order.isDown ? 'descending' : 'ascending'}
              >
                <button type="button" title={say.sortBy(title)} onClick={() => setOrder(nextOrder(order, key))}>
                  {isNumber && <Arrow order={order} of={key} />}
                  {title}
                  {!isNumber && <Arrow order={order} of={key} />}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <Spacer rows={first} columns={columns.length} />
          {sorted.slice(first, last).map((row, k) => {
            const key = keyOf(row)
            return (
              <tr
                key={key}
                aria-rowindex={first + k + 2}
                class={key === selected ? 'selected' : key === pointed ? 'pointed' : ''}
                onClick={() => onSelect(key === selected ? null : key)}
                onPointerEnter={() => onPoint(key)}
              >
                <StillCells row={row} columns={columns as readonly Column<unknown>[]} />
              </tr>
            )
          })}
          <Spacer rows={sorted.length - last} columns={columns.length} />
        </tbody>
      </table>
    </section>
  )
}

/** A hand that moves changes which row is pointed at, and no text. */
const StillCells = still(({ row, columns }: { row: unknown; columns: readonly Column<unknown>[] }) => (
  <>
    {columns.map(({ key, isNumber, cell }, k) => {
      // The first names the row, for whoever goes down a column by ear.
      const Cell = k === 0 ? 'th' : 'td'
      return (
        <Cell key={key} {...(k === 0 && { scope: 'row' })} class={isNumber ? 'number' : ''}>
          {cell(row)}
        </Cell>
      )
    })}
  </>
))

const Arrow = ({ order, of }: { order: Order | null; of: string }) => (
  <span class="arrow" aria-hidden="true">
    {order?.key === of ? (order.isDown ? '▾' : '▴') : ''}
  </span>
)

const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15 }

/** Rows that are not there, as high as they would be. */
function Spacer({ rows, columns }: { rows: number; columns: number }) {
  const row = useRef<HTMLTableRowElement>(null)
  useEffect(() => {
    if (row.current) row.current.style.height = `${rows * rowHeight}px`
  })
  return rows > 0 ? (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: nothing in it is reached by the keyboard
    <tr ref={row} class="spacer" aria-hidden="true">
      <td colSpan={columns} />
    </tr>
  ) : null
}

/** Up, down, as it came. */
const nextOrder = (order: Order | null, key: string): Order | null =>
  order?.key !== key ? { key, isDown: false } : order.isDown ? null : { key, isDown: true }

function sort<Row>(rows: readonly Row[], columns: readonly Column<Row>[], order: Order | null): readonly Row[] {
  const column = columns.find(({ key }) => key === order?.key)
  if (column === undefined || order === null) return rows
  const keyed = rows.map((row) => ({ row, by: column.sort(row) }))
  const sign = order.isDown ? -1 : 1
  keyed.sort(({ by: a }, { by: b }) => (a === null ? 1 : b === null ? -1 : sign * (a < b ? -1 : a > b ? 1 : 0)))
  return keyed.map(({ row }) => row)
}
