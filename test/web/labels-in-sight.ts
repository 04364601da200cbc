/** Smaller labels cannot be read, CSS pixels. */
const smallest = 9

/**
 * The body of a function of the page that is looked at: what is wrong with the labels of some drawings, in words. A text,
 * as the page is another program.
 */
export const faultsOfLabels = `(drawings) => {
  const found = []
  const text = (node) => node.textContent.trim().slice(0, 40)
  const isSeen = (node) => node.getBoundingClientRect().width > 0
  for (const svg of drawings) {
    const of = svg.closest('[data-figure]')?.dataset.figure
    const tell = (fault) => found.push(of === undefined ? fault : fault + ' in ' + of)
    const frame = svg.getBoundingClientRect()
    const labels = [...svg.querySelectorAll('text')].filter(isSeen).map((node) => ({ node, box: node.getBoundingClientRect() }))
    for (const { node, box } of labels) {
      const { a, b } = node.getScreenCTM()
      const size = parseFloat(getComputedStyle(node).fontSize) * Math.hypot(a, b)
      if (size < ${smallest}) tell('"' + text(node) + '" has ' + size.toFixed(1) + ' pixels')
      if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1)
        tell('"' + text(node) + '" is cut')
    }
    // Numbers in discs lie on each other as the discs do.
    const words = labels.filter(({ node }) => !/^\\d*$/.test(node.textContent))
    for (const [k, { node: one, box: p }] of words.entries())
      for (const { node: other, box: q } of words.slice(k + 1)) {
        const width = Math.min(p.right, q.right) - Math.max(p.left, q.left)
        const height = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top)
        if (width > 3 && height > 5) tell('"' + text(one) + '" lies on "' + text(other) + '"')
      }
  }
  return found
}`
