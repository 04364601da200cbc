/** A whole number with thin groups: `1,234`. */
export const count = (n: number): string => n.toLocaleString('en-US')

/** A count with its noun: `1 run`, `72 runs`. */
export const counted = (n: number, noun: string): string => `${count(n)} ${noun}${n === 1 ? '' : 's'}`
