/** A column's name as --columns takes it. */
export const quotedName = (name: string): string =>
  /[",\\=]/.test(name) ? `"${name.replace(/["\\]/g, '\\$&')}"` : name.trim()
