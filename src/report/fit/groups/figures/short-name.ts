/** Names longer than this do not fit beside what they name. */
const longest = 16

/** The name of a group, cut where it is too long for a figure. */
export const shortName = (name: string): string =>
  name.length > longest ? `${name.slice(0, longest - 1)}\u2026` : name
