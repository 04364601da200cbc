/** At most so many of a list, evenly spaced, the first and the last among them. */
export function thin<T>(list: readonly T[], most: number): T[] {
  if (list.length <= most) return [...list]
  return Array.from({ length: most }, (_, k) => list[Math.round((k * (list.length - 1)) / (most - 1))])
}
