import assert from 'node:assert/strict'
import type { Figure } from '../../src/report/draw/figure.ts'

/** That whatever is drawn of a subject can be read as a table, but for figures of single runs, which are in a table of their own. */
export function assertTables<Subject>(
  figures: readonly Figure<Subject>[],
  subject: Subject,
  ofRuns: readonly string[] = [],
): void {
  for (const figure of figures) {
    if (figure.draw(subject) === null || ofRuns.includes(figure.name)) continue
    const table = figure.table?.(subject)
    assert.ok(table && table.rows.length > 0, `${figure.name} has no table`)
    const { columns, rows } = table
    assert.equal(new Set(columns).size, columns.length, `${figure.name}: ${columns}`)
    for (const row of rows) {
      assert.equal(row.length, columns.length, `${figure.name}: ${row}`)
      assert.doesNotMatch(row.join(' '), /NaN|undefined|Infinity|null/, figure.name)
      assert.match(row.join(' '), /\d/, figure.name)
    }
    assert.ok(rows.length <= 200, `${figure.name}: ${rows.length} rows`)
  }
}
